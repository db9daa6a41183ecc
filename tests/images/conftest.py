"""The image of this checkout, built once."""

import pytest

from deploy.images import build_context, parley_image
from deploy.images.source import Source


@pytest.fixture(scope="session")
def source() -> Source:
    return Source.read()


@pytest.fixture(scope="session")
def image(source: Source) -> str:
    build_context.fill(build_context.FOLDER, source)
    return parley_image.build(source, tag="test")
