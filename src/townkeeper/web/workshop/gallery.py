"""The pages of this face, for the gallery and the browser tests."""

from townkeeper.web.gallery import Shot

SHOTS: tuple[Shot, ...] = (
    Shot("jobs", "/office/workshop/jobs/", "admin"),
    Shot("imports", "/office/workshop/imports/", "admin"),
    Shot("programs", "/office/workshop/programs/", "admin"),
    Shot("procedures", "/office/workshop/procedures/", "admin"),
    Shot("procedure", "/office/workshop/procedures/problem/", "admin"),
    Shot("journal", "/office/workshop/journal/", "supervisor"),
    Shot("journal-empty", "/office/workshop/journal/?subject=nothing", "supervisor"),
    Shot("suggestions", "/office/workshop/suggestions/", "admin"),
)
