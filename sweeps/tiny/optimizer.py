"""How weights follow their gradient: AdamW, Adam or SGD, the learning rate over time, and clipping."""

import math
from operator import mul

SGD_MOMENTUM = 0.9


class Optimizer:
    """Two running averages per weight (SGD uses only the first) and the update rule."""

    def __init__(self, config, count):
        self.name = config["optimizer.name"]
        if self.name not in ("AdamW", "Adam", "SGD"):
            raise NotImplementedError(f"Optimizer {self.name} not added.")
        self.lr = config["optimizer.lr"]
        self.beta1 = config["optimizer.beta1"]
        self.beta2 = config["optimizer.beta2"]
        self.eps = config["optimizer.eps"]
        self.weight_decay = config["optimizer.weight_decay"]
        self.first = [0.0] * count
        self.second = [0.0] * count

    def step(self, weights, gradient, step, factor):
        """The weights after one update; `step` counts from 1, `factor` scales the learning rate."""
        lr = self.lr * factor
        if self.name == "SGD":
            return self._sgd(weights, gradient, lr)
        return self._adam(weights, gradient, step, lr)

    def _sgd(self, weights, gradient, lr):
        self.first = [SGD_MOMENTUM * speed + slope for speed, slope in zip(self.first, gradient)]
        return [weight - lr * speed for weight, speed in zip(weights, self.first)]

    def _adam(self, weights, gradient, step, lr):
        if self.name == "Adam":  # decay is part of the gradient
            gradient = [slope + self.weight_decay * weight for slope, weight in zip(gradient, weights)]
        beta1, beta2, eps, sqrt = self.beta1, self.beta2, self.eps, math.sqrt
        self.first = [beta1 * old + (1 - beta1) * slope for old, slope in zip(self.first, gradient)]
        self.second = [beta2 * old + (1 - beta2) * slope * slope
                       for old, slope in zip(self.second, gradient)]
        rate = lr / (1 - beta1 ** step)
        correction = 1 / (1 - beta2 ** step)
        keep = 1 - lr * self.weight_decay if self.name == "AdamW" else 1.0
        return [keep * weight - rate * mean / (sqrt(square * correction) + eps)
                for weight, mean, square in zip(weights, self.first, self.second)]


class Schedule:
    """Warm-up, then a stable part, then decay; the factor that scales the learning rate."""

    def __init__(self, config, warn):
        total = config["lr_scheduler.total_steps"] or config["training.steps"]
        self.warmup = min(config["lr_scheduler.warmup_steps"], total)
        ratio = config["lr_scheduler.decay_ratio"]
        self.decay = total - self.warmup if ratio is None else round(total * ratio)
        if self.warmup + self.decay > total:
            warn(f"Warmup ({self.warmup}) + decay ({self.decay}) steps exceed total steps ({total}). "
                 f"Adjusting decay steps to {total - self.warmup}.")
            self.decay = total - self.warmup
        self.decay_start = total - self.decay
        self.shape = config["lr_scheduler.decay_type"]
        self.floor = config["lr_scheduler.min_lr_factor"]

    def factor(self, step):
        """For a step counted from 1; the last step still moves a little."""
        if step <= self.warmup:
            return step / self.warmup
        if step <= self.decay_start or self.decay == 0:
            return 1.0
        progress = min(1.0, (step - 1 - self.decay_start) / self.decay)
        remaining = {"linear": 1 - progress,
                     "sqrt": 1 - math.sqrt(progress),
                     "cosine": 0.5 * (1 + math.cos(math.pi * progress))}[self.shape]
        return self.floor + (1 - self.floor) * remaining


def gradient_norm(gradient, shared_count, tensor_group):
    """The length of the whole model's gradient; what all ranks share counts once."""
    shared, split = gradient[:shared_count], gradient[shared_count:]
    split_square = tensor_group.all_reduce([sum(map(mul, split, split))])[0]
    return math.sqrt(sum(map(mul, shared, shared)) + split_square)


def clip(gradient, norm, max_norm):
    """The gradient, shortened to `max_norm` if it is longer; a norm that is not a number spreads."""
    scale = max_norm / (norm + 1e-6)
    return gradient if scale >= 1 else [slope * scale for slope in gradient]
