#include "engine/link.h"

namespace robmask {

std::unique_ptr<Transfer> HostLink::transfer(const std::vector<Parcel>& out,
                                             const std::vector<Parcel>& in, int tag) {
  const auto messages = [](const std::vector<Parcel>& parcels) {
    std::vector<Message> list;
    for (const Parcel& p : parcels) {
      expect(p.tensor.contiguous(), "a parcel of rows apart");
      list.push_back(
          {p.process, p.tensor.bytes(), p.tensor.shape().count() * size_of(p.tensor.dtype())});
    }
    return list;
  };
  return processes_.transfer(messages(out), messages(in), tag);
}

}  // namespace robmask
