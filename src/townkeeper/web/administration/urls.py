"""The addresses of units, people, duties, categories, calendars and settings."""

from django.urls import path, register_converter

from townkeeper.web.administration import (
    calendars,
    categories,
    duties,
    duty_import,
    duty_lines,
    posts,
    site,
    translations,
    unit_changes,
    units,
    users,
)

app_name = "administration"


class ListConverter:
    """How a list is sent: `xlsx` or `csv`."""

    regex = "xlsx|csv"

    def to_python(self, value: str) -> str:
        """Return the form."""
        return value

    def to_url(self, value: str) -> str:
        """Return the form."""
        return value


register_converter(ListConverter, "list_form")

urlpatterns = [
    path("units/", units.unit_tree, name="units"),
    path("units/all.<list_form:form>", units.units_export, name="units-export"),
    path("units/add/", units.unit_add, name="unit-add"),
    path("units/at/<str:code>/", units.unit_page, name="unit"),
    path("units/at/<str:code>/edit/", units.unit_edit, name="unit-edit"),
    path("units/at/<str:code>/outline/", units.unit_outline, name="unit-outline"),
    path("units/at/<str:code>/rename/", unit_changes.unit_rename, name="unit-rename"),
    path("units/at/<str:code>/move/", unit_changes.unit_move, name="unit-move"),
    path("units/at/<str:code>/end/<str:kind>/", unit_changes.unit_end, name="unit-end"),
    path("units/changes/", unit_changes.change_list, name="changes"),
    path(
        "units/changes/<int:number>/withdraw/",
        unit_changes.change_withdraw,
        name="change-withdraw",
    ),
    path("units/posts/", posts.post_list, name="posts"),
    path("units/posts/all.<list_form:form>", posts.posts_export, name="posts-export"),
    path("units/posts/add/", posts.post_add, name="appoint"),
    path("units/posts/<int:pk>/end/", posts.post_end, name="post-end"),
    path("units/roles/", posts.role_list, name="roles"),
    path("units/roles/<str:key>/", posts.role_edit, name="role"),
    path("users/", users.user_list, name="users"),
    path("users/all.<list_form:form>", users.users_export, name="users-export"),
    path("users/add/", users.user_add, name="user-add"),
    path("users/<int:pk>/", users.user_page, name="user"),
    path("users/<int:pk>/edit/", users.user_edit, name="user-edit"),
    path("users/<int:pk>/password/", users.user_password, name="user-password"),
    path("users/<int:pk>/close/", users.user_close, name="user-close"),
    path("users/<int:pk>/reopen/", users.user_reopen, name="user-reopen"),
    path("users/<int:pk>/tasks/", users.user_tasks, name="user-tasks"),
    path("users/<int:pk>/keys/add/", users.token_add, name="token-add"),
    path("users/<int:pk>/keys/<int:number>/close/", users.token_close, name="token-close"),
    path("duties/", duties.matrix, name="duties"),
    path("duties/lines/", duties.line_list, name="duty-lines"),
    path("duties/all.<list_form:form>", duties.duties_export, name="duties-export"),
    path("duties/gaps/", duties.gaps_page, name="duty-gaps"),
    path("duties/line/", duty_lines.duty_cell, name="duty-cell"),
    path("duties/dry-run/", duty_lines.duty_trial, name="duty-trial"),
    path("duties/import/", duty_import.duty_import, name="duty-import"),
    path("categories/", categories.category_tree, name="categories"),
    path("categories/all.<list_form:form>", categories.categories_export, name="categories-export"),
    path("categories/add/", categories.category_add, name="category-add"),
    path("categories/of/<path:key>/", categories.category_page, name="category"),
    path("calendars/", calendars.calendar_list, name="calendars"),
    path("calendars/<slug:code>/", calendars.calendar_page, name="calendar"),
    path("calendars/<slug:code>/days/", calendars.calendar_days, name="calendar-days"),
    path("calendars/<slug:code>/hours/", calendars.calendar_hours, name="calendar-hours"),
    path("calendars/<slug:code>/notice/", calendars.calendar_notice, name="calendar-notice"),
    path("settings/", site.settings_page, name="settings"),
    path("settings/of/<slug:key>/", site.setting_edit, name="setting"),
    path("settings/translations/", translations.translation_page, name="translations"),
    path("settings/translations/save/", translations.translate, name="translate"),
]
