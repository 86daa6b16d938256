// predict RUN PICTURE [P]: what a picture shows, by the weights of a run, through the mask of strength P.

#include <iostream>

#include <robmask/robmask.h>

using namespace robmask;

int main(int count, char** words) try {
  require(count == 3 || count == 4, "usage: predict RUN PICTURE [P]");
  const double p = count == 4 ? std::stod(words[3]) : 0;
  const LoadedModel from = load_model(words[1], backend("cpu"), DType::f32, {});
  Pictures pictures = read_pictures({words[2]}, from.info.image_size);
  const Images images(backend("cpu"), std::move(pictures.split));
  const Variable pixels(images.batch(DType::f32, std::vector{0}).images);  // {1, side, side, 3}
  const Variable logits = from.model->at(p)(pixels);                       // {1, 1, 1, classes}
  const auto likely = likeliest(logits.value(), from.info.class_names, 3);
  for (const Likely& guess : likely.front())
    std::cout << fmt::format("{:<12} {:6.2f} %\n", class_title(guess.name),
                             100 * guess.probability);
} catch (const std::exception& error) {
  std::cerr << "predict: " << error.what() << "\n";
  return 1;
}
