// tt/base/rarely.hpp: a part that few of many objects have: one pointer where it is missing. Copied with its owner.
#pragma once

#include <memory>
#include <utility>

namespace tt {

template <class T>
class Rarely {
 public:
  Rarely() = default;
  Rarely(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Rarely(const Rarely& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rarely(Rarely&&) noexcept = default;
  Rarely& operator=(Rarely other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Rarely() = default;

  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }
  // What is missing is as one that says nothing.
  const T& or_none() const {
    static const T none{};
    return value_ ? *value_ : none;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace tt
