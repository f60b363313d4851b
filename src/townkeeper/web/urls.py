"""Addresses of the web faces."""

from django.urls import include, path

from townkeeper.web.api.cases import unknown
from townkeeper.web.choices import choices
from townkeeper.web.office.mine import choose_language

urlpatterns = [
    path("api/v1/", include("townkeeper.web.api.urls")),
    path("api/<path:rest>", unknown),
    path("language/", choose_language, name="set_language"),
    path("", include("townkeeper.web.portal.urls")),
    path("office/choices/<str:what>/", choices, name="choices"),
    path("office/", include("townkeeper.web.hotline.urls")),
    path("office/dispatch/", include("townkeeper.web.dispatch.urls")),
    path("office/field/", include("townkeeper.web.field.urls")),
    path("office/", include("townkeeper.web.board.urls")),
    path("office/orders/", include("townkeeper.web.orders.urls")),
    path("office/brief/", include("townkeeper.web.leader.urls")),
    path("office/administration/", include("townkeeper.web.administration.urls")),
    path("office/workshop/", include("townkeeper.web.workshop.urls")),
    path("", include("townkeeper.web.office.urls")),
]
