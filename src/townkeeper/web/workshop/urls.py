"""The addresses of the workshop."""

from django.urls import path

from townkeeper.web.workshop import imports, jobs, journal, procedures, programs, suggestions

app_name = "workshop"
urlpatterns = [
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/stop/", jobs.stop, name="stop"),
    path("jobs/<int:pk>/files/<str:name>", jobs.job_file, name="job-file"),
    path("imports/", imports.start, name="imports"),
    path("imports/columns/<str:token>/", imports.columns, name="columns"),
    path("imports/empty.xlsx", imports.empty_sheet, name="empty-sheet"),
    path("imports/<int:pk>/", imports.result, name="import"),
    path("imports/<int:pk>/again/", imports.again, name="again"),
    path("imports/<int:pk>/write/", imports.write, name="write"),
    path("programs/", programs.overview, name="programs"),
    path("programs/export/", programs.export, name="export"),
    path("programs/check/", programs.check, name="check"),
    path("programs/<str:key>/", programs.look, name="program"),
    path("programs/<str:key>/load/", programs.load, name="load"),
    path("programs/loadings/<int:pk>/", programs.loading, name="loading"),
    path("programs/loadings/<int:pk>/files/", programs.files, name="files"),
    path("procedures/", procedures.overview, name="procedures"),
    path("procedures/<str:key>.bpmn", procedures.as_bpmn, name="bpmn"),
    path("procedures/<str:key>/", procedures.page, name="procedure"),
    path("journal/", journal.search, name="journal"),
    path("journal/verify/", journal.verify, name="verify"),
    path("suggestions/", suggestions.page, name="suggestions"),
    path("suggestions/train/", suggestions.train, name="train"),
]
