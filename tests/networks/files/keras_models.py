"""Small models of Keras; its backend is chosen before it is imported."""

import os

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"


def with_random_weights(model):
    """Give a model weights that are not alike, so that no wrong order goes unseen."""
    draw = np.random.default_rng(0)
    model.set_weights(
        [
            (draw.uniform(0.5, 1.5, weight.shape) if weight.ndim == 1 else draw.normal(0, 0.3, weight.shape)).astype(
                weight.dtype
            )
            for weight in model.get_weights()
        ]
    )
    return model


def functional(keras):
    layers = keras.layers
    image = keras.Input((24, 20, 3), name="photo")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="first")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    y = layers.BatchNormalization(name="norm")(y)
    y = layers.Activation("swish")(y)
    y = layers.Conv2D(8, 1, use_bias=False)(y)
    x = layers.Add(name="skip")([x, y])
    z = layers.GlobalAveragePooling2D()(x)
    z = layers.Reshape((1, 1, 8))(z)
    z = layers.Conv2D(8, 1, activation="sigmoid")(z)
    x = layers.Multiply()([x, z])
    x = layers.Concatenate(name="both")([x, layers.ReLU(max_value=6)(x)])
    x = layers.SeparableConv2D(8, 3, padding="same", strides=2)(x)
    x = layers.ZeroPadding2D(((0, 1), (2, 0)))(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.LayerNormalization()(x)
    x = layers.Dense(6, activation="gelu")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten(name="flat")(x)
    return with_random_weights(keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x), name="tiny"))


def sequential(keras):
    layers = keras.layers
    block = keras.Sequential([layers.Conv2D(4, 3, name="q"), layers.Conv2D(4, 3), layers.LeakyReLU()], name="block")
    return with_random_weights(
        keras.Sequential(
            [keras.Input((16, 16, 1)), block, layers.AveragePooling2D(3, 2), layers.Flatten(), layers.Dense(3)]
        )
    )


def shared(keras):
    """A layer that is called twice, and a model within a model."""
    layers = keras.layers
    image = keras.Input((8, 8, 3))
    conv = layers.Conv2D(3, 3, padding="same", name="twice")
    inner_image = keras.Input((8, 8, 3))
    inner = keras.Model(inner_image, layers.Conv2D(3, 1)(layers.BatchNormalization()(inner_image)), name="inner")
    x = layers.Average()([conv(image), conv(conv(image)), inner(image)])
    return with_random_weights(keras.Model(image, layers.GlobalMaxPooling2D()(layers.Conv2D(4, 2)(x))))


def augmented(keras):
    """Layers that vary photos, which they do not where nothing is trained, and one without weights in front."""
    layers = keras.layers
    return with_random_weights(
        keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Resizing(14, 14),
                layers.CenterCrop(12, 12),
                layers.RandomFlip(),
                layers.RandomRotation(0.2),
                layers.GaussianNoise(0.2),
                layers.Conv2D(4, 3),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )


def transformer(keras):
    layers = keras.layers
    image = keras.Input((16, 16, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4)(image))
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return with_random_weights(keras.Model(image, layers.Dense(3)(keras.ops.mean(x, axis=1))))


def gated(keras):
    """A gate ``(1, 1, C)`` that no turn made, an axis that is not that of channels, a map as the output."""
    layers = keras.layers
    image = keras.Input((12, 10, 3))
    x = layers.Conv2D(4, 3, padding="same", dilation_rate=2, kernel_regularizer="l2")(image)
    x *= layers.Reshape((1, 1, 4))(layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x)))
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(layers.Permute((2, 1, 3))(x))
    x = layers.Concatenate(axis=1)([x, layers.Cropping2D(((0, 0), (0, 0)))(x)])
    x = layers.Maximum()([x, layers.Subtract()([x, layers.Softmax()(x)])])
    return with_random_weights(keras.Model(image, layers.Conv2D(2, 1)(layers.ZeroPadding2D((1, 2))(x))))
