#pragma once
// Each lesson draws its figures into a folder.

#include <filesystem>

namespace robmask::course {

using Folder = std::filesystem::path;

void draw_lesson_1(const Folder& to);
void draw_lesson_2(const Folder& to);
void draw_lesson_3(const Folder& to);
void draw_lesson_4(const Folder& to);
void draw_lesson_5(const Folder& to);
void draw_lesson_6(const Folder& to);
void draw_lesson_7(const Folder& to);
void draw_lesson_8(const Folder& to);

}  // namespace robmask::course
