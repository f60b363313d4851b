"""The pages of this face, for the gallery and the browser tests."""

from townkeeper.web.gallery import Shot

SHOTS: tuple[Shot, ...] = ()
