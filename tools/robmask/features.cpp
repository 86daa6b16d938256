#include "tools/robmask/features.h"

#include <algorithm>
#include <numeric>

#include "data/files/npy.h"
#include "tools/robmask/options/suggestion.h"
#include "training/terminal.h"

namespace robmask {

namespace {

/// N·H·W·C → N·C·H·W
template <class T>
void append_planes(std::vector<T>& planes, const Tensor& maps) {
  const auto [n, h, w, c] = maps.shape();
  const std::vector<T> host = maps.to_host<T>();
  for (Index image = 0; image < n; ++image)
    for (Index channel = 0; channel < c; ++channel)
      for (Index pixel = 0; pixel < h * w; ++pixel)
        planes.push_back(host[(image * h * w + pixel) * c + channel]);
}

}  // namespace

void write_features(const std::filesystem::path& path, const Model& model, double p,
                    const std::string& layer, const Images& images, Index batch) {
  Progress progress("features of " + layer, images.size(), "image");
  dispatch(model.dtype(), [&]<class T>() {
    std::vector<T> planes;
    Shape shape;
    for (Index first = 0; first < images.size(); first += batch) {
      stop_if_interrupted();
      std::vector<std::int32_t> ids(std::min(batch, images.size() - first));
      std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(first));
      Context context = model.eval(static_cast<Index>(ids.size()), p);
      std::vector<std::string> names;
      context.watch = [&](const std::string& name, const Tensor& maps) {
        names.push_back(name);
        if (name != layer) return;
        shape = maps.shape();
        append_planes(planes, maps);
      };
      model.logits(Variable(images.batch(model.dtype(), ids).images), context);
      require(!planes.empty(), "--layer: expected one of {}, got \"{}\"{}", fmt::join(names, ", "),
              layer, suggestion(layer, names));
      progress.update(first + static_cast<Index>(ids.size()));
    }
    write_npy(path, host_tensor({images.size(), shape.c, shape.h, shape.w}, planes));
  });
}

}  // namespace robmask
