// figures FOLDER: draws all figures of the course there.

#include <iostream>

#include "tools/course/figures/lessons.h"

int main(int argc, char** argv) {
  using namespace robmask::course;
  if (argc != 2) {
    std::cerr << "usage: figures FOLDER\n";
    return 2;
  }
  const Folder to = argv[1];
  for (const auto& draw : {draw_lesson_1, draw_lesson_2, draw_lesson_3, draw_lesson_4,
                           draw_lesson_5, draw_lesson_6, draw_lesson_7, draw_lesson_8})
    draw(to);
}
