"""Addresses of `field`: handlers, inspectors and verifiers on their telephones."""

from django.urls import path

from townkeeper.web.field import acts, board, hands, ledger, lists, revisits, task

app_name = "field"
urlpatterns = [
    path("tasks/", lists.tasks, name="tasks"),
    path("tasks/<str:number>/", task.task_page, name="task"),
    path("tasks/<str:number>/sign/", hands.sign, name="sign"),
    path("tasks/<str:number>/hand/", hands.hand, name="hand"),
    path("tasks/<str:number>/do/<str:action>/", acts.act, name="act"),
    path("verifications/", lists.verifications, name="verifications"),
    path("verifications/<str:number>/", task.verification_page, name="verification"),
    path("revisits/", revisits.revisit_list, name="revisits"),
    path("revisits/<int:pk>/", revisits.revisit_page, name="revisit"),
    path("board/", board.unit_board, name="board"),
    path("board/<str:figure>/", board.behind, name="behind"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.<str:form>", ledger.ledger_file, name="ledger-file"),
]
