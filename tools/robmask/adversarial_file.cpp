#include "tools/robmask/adversarial_file.h"

#include <algorithm>
#include <numeric>

#include "data/files/npy.h"

namespace robmask {

AdversarialFile::AdversarialFile(DType dtype, const Images& images)
    : dtype_(dtype), shape_(images.shape(images.size())), pixels_(shape_.count()) {
  std::vector<std::int32_t> all(images.size());
  std::iota(all.begin(), all.end(), 0);
  put(all, images.batch(dtype, all).images);
}

void AdversarialFile::put(const std::vector<std::int32_t>& ids, const Tensor& x_adv) {
  const std::vector<double> host = x_adv.to_doubles();
  const Index image = shape_.pixels() * shape_.c;
  for (std::size_t i = 0; i < ids.size(); ++i)
    std::copy_n(host.begin() + static_cast<Index>(i) * image, image,
                pixels_.begin() + ids[i] * image);
}

void AdversarialFile::write(const std::filesystem::path& path) const {
  dispatch(dtype_, [&]<class T>() {
    std::vector<T> planes(pixels_.size());
    const Index p = shape_.pixels(), c = shape_.c;
    for (Index n = 0; n < shape_.n; ++n)
      for (Index i = 0; i < p; ++i)
        for (Index k = 0; k < c; ++k)
          planes[(n * c + k) * p + i] = static_cast<T>(pixels_[(n * p + i) * c + k]);
    write_npy(path, host_tensor({shape_.n, c, shape_.h, shape_.w}, planes));
  });
}

}  // namespace robmask
