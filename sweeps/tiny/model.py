"""A character-level language model with its gradients worked out by hand.

    embedding -> causal attention over the sequence -> tanh layer -> softmax over characters

All of it is one kind of work: rows times columns. The tanh layer and the output matrix can be split
over the ranks of a tensor-parallel group; each rank then has a part of the hidden units, and two sums
over the group (the scores going forward, the input's gradient going back) make the result whole.
"""

import math
import random
from dataclasses import dataclass
from operator import mul

BYTES_PER_VALUE = 32  # a Python float and the list's reference to it


@dataclass(frozen=True)
class Flavor:
    """The size of a model."""

    width: int
    hidden: int
    recency: float  # how much attention fades per character of distance


FLAVORS = {"debugmodel": Flavor(width=24, hidden=64, recency=0.5)}


def find_flavor(name):
    if name not in FLAVORS:
        raise ValueError(f"model.flavor '{name}' is not one of: {', '.join(FLAVORS)}")
    return FLAVORS[name]


def product(rows, columns):
    """Every row times every column: the matrix product, with the right side given by its columns."""
    return [[sum(map(mul, row, column)) for column in columns] for row in rows]


def transpose(matrix):
    return list(zip(*matrix))


def add_matrices(*matrices):
    return [[sum(values) for values in zip(*rows)] for rows in zip(*matrices)]


def flatten(matrix):
    return [value for row in matrix for value in row]


def unflatten(values, columns):
    return [values[start:start + columns] for start in range(0, len(values), columns)]


def softmax(scores):
    """The probabilities and the logarithm of their common divisor."""
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers], highest + math.log(total)


@dataclass
class Mixed:
    """What attention over one sequence computed, kept for the way back."""

    embedded: list
    queries: list
    weights: list
    context: list


class Model:
    """The weights of one rank as one flat list, and how to get loss and gradient from a batch."""

    def __init__(self, flavor, vocabulary_size, seed, tensor_group):
        self.flavor = flavor
        self.vocabulary_size = vocabulary_size
        self.group = tensor_group
        if flavor.hidden % tensor_group.size:
            raise ValueError(f"tensor_parallel_degree ({tensor_group.size}) must divide the number of "
                             f"hidden units ({flavor.hidden})")
        width = flavor.width
        self.shared_shapes = {
            "embedding": (vocabulary_size, width),
            "query": (width, width),
            "output_bias": (1, vocabulary_size),
        }
        # One row per hidden unit, so that a rank's part is a run of rows. The last input is always 1.
        self.split_shapes = {
            "hidden": (flavor.hidden, 2 * width + 1),
            "output": (flavor.hidden, vocabulary_size),
        }
        self.weights = self.own_part(self.initial_weights(seed))

    # Layout -------------------------------------------------------------------------------------

    @property
    def shared_count(self):
        return sum(rows * columns for rows, columns in self.shared_shapes.values())

    @property
    def parameter_count(self):
        return self.shared_count + sum(rows * columns for rows, columns in self.split_shapes.values())

    def own_part(self, whole):
        """This rank's values out of a vector that covers the whole model."""
        part = whole[:self.shared_count]
        start = self.shared_count
        for rows, columns in self.split_shapes.values():
            share = rows * columns // self.group.size
            first = start + share * self.group.index
            part += whole[first:first + share]
            start += rows * columns
        return part

    def whole(self, part):
        """The vector of the whole model out of every rank's part."""
        spread = []
        start = self.shared_count
        for rows, columns in self.split_shapes.values():
            share = rows * columns // self.group.size
            zeros = [0.0] * (rows * columns)
            first = share * self.group.index
            zeros[first:first + share] = part[start:start + share]
            spread += zeros
            start += share
        return part[:self.shared_count] + self.group.all_reduce(spread)

    def matrices(self):
        """The flat weights as named matrices."""
        named = {}
        start = 0
        for name, (rows, columns) in (self.shared_shapes | self.split_shapes).items():
            if name in self.split_shapes:
                rows //= self.group.size
            named[name] = unflatten(self.weights[start:start + rows * columns], columns)
            start += rows * columns
        return named

    def initial_weights(self, seed):
        """The whole model's first weights: the same for every number of ranks."""
        generator = random.Random(seed)
        spread = {"embedding": 0.5, "query": 0.1, "output_bias": 0.0,
                  "hidden": 1 / math.sqrt(2 * self.flavor.width), "output": 0.05}
        weights = []
        for name, (rows, columns) in (self.shared_shapes | self.split_shapes).items():
            weights += [generator.gauss(0.0, spread[name]) for _ in range(rows * columns)]
        return weights

    # Costs --------------------------------------------------------------------------------------

    def flops_per_token(self, sequence_length):
        """Multiplications and additions of one training step, per token: forward once, back twice."""
        width, hidden = self.flavor.width, self.flavor.hidden
        dense = width * width + hidden * (2 * width + 1) + hidden * self.vocabulary_size
        attention = 2 * width * (sequence_length + 1) / 2
        return 6 * (dense + attention)

    def state_bytes(self):
        """Weights, their gradient and the optimizer's two averages."""
        return 4 * len(self.weights) * BYTES_PER_VALUE

    def activation_bytes(self, batch_size, sequence_length):
        """What the way back needs of a whole batch; attention makes it grow with the square."""
        per_token = (3 * self.flavor.width + self.flavor.hidden // self.group.size
                     + 2 * self.vocabulary_size + sequence_length)
        return batch_size * sequence_length * per_token * BYTES_PER_VALUE

    # Work ---------------------------------------------------------------------------------------

    def loss_and_gradient(self, batch):
        """Mean loss over a batch of (inputs, targets) and the gradient of this rank's weights."""
        named = self.matrices()
        mixed = [self.mix(inputs, named) for inputs, _ in batch]
        layer_input = [list(own) + list(context) + [1.0]
                       for one in mixed for own, context in zip(one.embedded, one.context)]
        active = [list(map(math.tanh, row)) for row in product(layer_input, named["hidden"])]
        scores = self.sum_over_group(product(active, transpose(named["output"])))

        targets = [target for _, sequence in batch for target in sequence]
        loss, score_slopes = self.cross_entropy(scores, named["output_bias"][0], targets)

        slopes_by_column = transpose(score_slopes)
        gradient = {
            "output_bias": [[sum(column) for column in slopes_by_column]],
            "output": product(transpose(active), slopes_by_column),
        }
        hidden_slopes = [
            [slope * (1.0 - value * value) for slope, value in zip(slopes, values)]
            for slopes, values in zip(product(score_slopes, named["output"]), active)]
        gradient["hidden"] = product(transpose(hidden_slopes), transpose(layer_input))
        input_columns = transpose(named["hidden"])[:-1]  # the constant 1 has no slope
        input_slopes = self.sum_over_group(product(hidden_slopes, input_columns))
        self.unmix(batch, mixed, input_slopes, named, gradient)

        order = list(self.shared_shapes) + list(self.split_shapes)
        return loss, [value for name in order for value in flatten(gradient[name])]

    def sum_over_group(self, matrix):
        if self.group.size == 1:
            return matrix
        return unflatten(self.group.all_reduce(flatten(matrix)), len(matrix[0]))

    def mix(self, inputs, named):
        """Attention: every position's average of what came before it and itself."""
        embedded = [named["embedding"][token] for token in inputs]
        queries = product(embedded, named["query"])
        scale = 1 / math.sqrt(self.flavor.width)
        weights = []
        for position, query in enumerate(queries):
            scores = [sum(map(mul, query, other)) * scale - self.flavor.recency * (position - place)
                      for place, other in enumerate(embedded[:position + 1])]
            probabilities, _ = softmax(scores)
            weights.append(probabilities + [0.0] * (len(inputs) - position - 1))
        return Mixed(embedded, queries, weights, product(weights, transpose(embedded)))

    @staticmethod
    def cross_entropy(scores, bias, targets):
        """Mean loss and its slope in every score."""
        loss = 0.0
        slopes = []
        for row, target in zip(scores, targets):
            biased = [score + offset for score, offset in zip(row, bias)]
            probabilities, log_total = softmax(biased)
            loss += log_total - biased[target]
            probabilities[target] -= 1.0
            slopes.append([value / len(targets) for value in probabilities])
        return loss / len(targets), slopes

    def unmix(self, batch, mixed, input_slopes, named, gradient):
        """The way back through attention and embedding, sequence by sequence."""
        width = self.flavor.width
        embedding_gradient = [[0.0] * width for _ in range(self.vocabulary_size)]
        query_gradients = []
        start = 0
        for (inputs, _), one in zip(batch, mixed):
            slopes = input_slopes[start:start + len(inputs)]
            start += len(inputs)
            own_slopes = [row[:width] for row in slopes]
            context_slopes = [row[width:] for row in slopes]
            embedded_slopes, query_gradient = self.unmix_sequence(one, context_slopes, named["query"])
            query_gradients.append(query_gradient)
            for token, row in zip(inputs, add_matrices(own_slopes, embedded_slopes)):
                embedding_gradient[token] = [a + b for a, b in zip(embedding_gradient[token], row)]
        gradient["embedding"] = embedding_gradient
        gradient["query"] = add_matrices(*query_gradients)

    def unmix_sequence(self, one, context_slopes, query_matrix):
        """Slopes of the embedded characters and of the query matrix for one sequence."""
        scale = 1 / math.sqrt(self.flavor.width)
        score_slopes = []
        for weights, slopes in zip(one.weights, product(context_slopes, one.embedded)):
            mean = sum(map(mul, weights, slopes))
            score_slopes.append([weight * (slope - mean) * scale
                                 for weight, slope in zip(weights, slopes)])
        columns = transpose(one.embedded)
        query_slopes = product(score_slopes, columns)
        embedded_slopes = add_matrices(
            product(transpose(one.weights), transpose(context_slopes)),
            product(transpose(score_slopes), transpose(one.queries)),
            product(query_slopes, transpose(query_matrix)))
        return embedded_slopes, product(transpose(query_slopes), columns)
