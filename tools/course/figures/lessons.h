#pragma once
// Each lesson draws its figures into a folder.

#include <filesystem>

#include "attacks/classifier.h"
#include "training/images.h"

namespace robmask::course {

using Folder = std::filesystem::path;

/// The share of images that a network is right on under PGD of ten steps, in L∞; in per cent.
double percent_robust(const Classifier& network, const Images& images, double eps);

void draw_lesson_1(const Folder& to);
void draw_lesson_2(const Folder& to);
void draw_lesson_3(const Folder& to);
void draw_lesson_4(const Folder& to);
void draw_lesson_5(const Folder& to);
void draw_lesson_6(const Folder& to);
void draw_lesson_7(const Folder& to);
void draw_lesson_8(const Folder& to);

}  // namespace robmask::course
