"""Addresses of the web faces."""

from django.urls import include, path
from django.views.i18n import set_language

from townkeeper.web.api.cases import unknown

urlpatterns = [
    path("api/v1/", include("townkeeper.web.api.urls")),
    path("api/<path:rest>", unknown),
    path("language/", set_language, name="set_language"),
    path("", include("townkeeper.web.portal.urls")),
    path("office/hotline/", include("townkeeper.web.hotline.urls")),
    path("office/dispatch/", include("townkeeper.web.dispatch.urls")),
    path("office/field/", include("townkeeper.web.field.urls")),
    path("office/supervision/", include("townkeeper.web.board.urls")),
    path("office/orders/", include("townkeeper.web.orders.urls")),
    path("office/brief/", include("townkeeper.web.leader.urls")),
    path("office/administration/", include("townkeeper.web.administration.urls")),
    path("office/workshop/", include("townkeeper.web.workshop.urls")),
    path("", include("townkeeper.web.office.urls")),
]
