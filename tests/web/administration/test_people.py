"""People, posts, roles, keys of programs, and what somebody leaves behind."""

from datetime import timedelta

from tests import make
from tests.web.administration.world import BASE, entries, form_of, send, words
from townkeeper.accounts.models import Token, User
from townkeeper.cases.models import Task
from townkeeper.kit import clock
from townkeeper.units.models import Post, Role

GOOD = "bamboo-river-42"


def test_a_person_is_added_without_e_mail_and_signs_in(admin, client):
    answer = send(
        admin, "users/add/", username="wang.fang", name="王芳", password=GOOD, language="zh-hans"
    )
    user = User.objects.get(username="wang.fang")
    assert answer["Location"] == f"{BASE}users/{user.pk}/"
    assert user.check_password(GOOD)
    assert entries("user:wang.fang")[0][:2] == ("user.added", "supervisor")
    assert GOOD not in str(entries("user:wang.fang"))
    client.logout()
    answer = client.post("/sign-in/", {"username": "wang.fang", "password": GOOD})
    assert answer.status_code == 302
    assert answer.cookies["django_language"].value == "zh-hans"


def test_bad_accounts_are_refused(admin):
    before = User.objects.count()
    for name, password, said in (
        ("Dispatcher", GOOD, "already"),
        ("two words", GOOD, "cannot be a name"),
        ("new", "q7x", "too short"),
        ("new", "password123", "too common"),
    ):
        answer = send(admin, "users/add/", name="X", username=name, password=password)
        assert answer.status_code == 422
        assert said in words(answer)
        assert password not in words(answer)
    assert User.objects.count() == before


def test_a_password_is_reset_and_ends_the_sessions(admin, town):
    user = town["people"]["CGJ"]
    other = type(admin)()
    other.force_login(user)
    assert send(admin, f"users/{user.pk}/password/", password="123").status_code == 422
    assert send(admin, f"users/{user.pk}/password/", password=GOOD).status_code == 302
    assert User.objects.get(pk=user.pk).check_password(GOOD)
    assert other.get("/office/me/").status_code == 302


def test_an_account_is_closed_with_its_keys_and_opened_again(admin, town):
    user = town["people"]["leader"]
    send(admin, f"users/{user.pk}/keys/add/", label="map")
    answer = send(admin, f"users/{user.pk}/close/", reason="left")
    assert answer.status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert Token.objects.get().closed_at is not None
    assert entries("user:leader")[0][2] == {"reason": "left", "tokens": 1}
    page = admin.get(f"{BASE}users/{user.pk}/")
    admin.post(f"{BASE}users/{user.pk}/reopen/", {"seen": page.context["seen"]})
    user.refresh_from_db()
    assert user.is_active


def test_nobody_closes_themselves_or_the_last_administrator(admin, town):
    me = town["people"]["supervisor"]
    answer = send(admin, f"users/{me.pk}/close/")
    assert answer.status_code == 422
    assert "own account" in words(answer)
    others = Role.objects.filter(key__in=("operator", "dispatcher"))
    for role in others:
        role.permissions = ["cases:case:view"]
        role.save()
    post = Post.objects.get(user=me)
    answer = send(admin, f"units/posts/{post.pk}/end/")
    assert answer.status_code == 422
    assert "nobody could manage accounts" in words(answer)
    post.refresh_from_db()
    assert post.until is None


def test_a_key_is_shown_once(admin, town):
    pk = town["people"]["operator"].pk
    assert send(admin, f"users/{pk}/keys/add/", label="  ").status_code == 422
    answer = send(admin, f"users/{pk}/keys/add/", label="map")
    first = words(admin.get(answer["Location"]))
    token = Token.objects.get()
    assert "tk_" in first
    assert "tk_" not in words(admin.get(answer["Location"]))
    secret = first[first.index("tk_") :].split("<")[0]
    assert token.digest == Token.hash_of(secret)
    admin.post(f"{BASE}users/{pk}/keys/{token.pk}/close/")
    token.refresh_from_db()
    assert token.closed_at is not None
    assert entries("user:operator")[0][0] == "token.closed"


def test_somebody_is_appointed_and_the_post_ends(admin, town):
    user = town["people"]["CGJ"]
    day = clock.today()
    answer = send(
        admin, "units/posts/add/", user=user.username, role="verifier", unit="S1", scope="D",
        title="組長",
    )  # fmt: skip
    post = Post.objects.get(user=user, role__key="verifier")
    assert answer["Location"] == f"{BASE}units/at/S1/"
    assert (post.unit.code, post.scope.code, post.since, post.title) == ("S1", "D", day, "組長")
    assert entries(f"user:{user.username}")[0][0] == "post.given"
    assert send(admin, f"units/posts/{post.pk}/end/").status_code == 302
    post.refresh_from_db()
    assert post.until == day
    assert send(admin, f"units/posts/{post.pk}/end/").status_code == 422


def test_bad_appointments_are_refused(admin):
    before = Post.objects.count()
    for fields, said in (
        ({"user": "nobody"}, "Nobody signs in"),
        ({"role": ""}, "required"),
        ({"unit": "XX"}, "XX"),
        ({"until": "2020-01-01"}, "before the first"),
        ({"role": "handler", "unit": "CGJ"}, "already"),
    ):
        given = {"user": "handler-cgj", "role": "verifier", "unit": "S1", **fields}
        answer = send(admin, "units/posts/add/", **given)
        assert answer.status_code == 422
        assert said in words(answer)
    assert Post.objects.count() == before


def test_nobody_gives_more_than_they_have(client, town):
    role = Role.objects.create(key="clerk", names={"en": "x"}, permissions=["units:unit:edit"])
    user = make.person("clerk", "handler", town["units"]["ZLB"])
    Post.objects.create(user=user, role=role, unit=town["units"]["ZLB"], scope=town["units"]["D"])
    client.force_login(user)
    given = {"user": "clerk", "role": "supervisor", "unit": "ZLB"}
    assert send(client, "units/posts/add/", **given).status_code == 422
    wanted = ["units:unit:edit", "accounts:user:edit"]
    assert send(client, "units/roles/clerk/", permissions=wanted).status_code == 422
    role.refresh_from_db()
    assert role.permissions == ["units:unit:edit"]


def test_a_role_is_changed_in_words(admin):
    page = words(admin.get(f"{BASE}units/roles/handler/"))
    assert "register a case" in page
    given = ["cases:case:view", "cases:case:act", "cases:case:open"]
    send(admin, "units/roles/handler/", en="Handler", permissions=given)
    role = Role.objects.get(key="handler")
    assert role.permissions == sorted(given)
    assert entries("role:handler")[0][2]["added"] == ["cases:case:open"]
    old = form_of(admin, "units/roles/handler/") | {"seen": 0}
    assert admin.post(f"{BASE}units/roles/handler/", old).status_code == 422


def test_who_leaves_hands_over_their_tasks(admin, town):
    case = make.opened(at=clock.now() - timedelta(hours=1))
    user, unit = town["people"]["CGJ"], town["units"]["CGJ"]
    colleague = make.person("colleague", "handler", unit)
    task = Task.objects.filter(case=case, done_at=None).first()
    Task.objects.filter(pk=task.pk).update(assignee=user, unit=unit)
    version = case.version
    post = user.posts.get()
    answer = send(admin, f"units/posts/{post.pk}/end/")
    assert answer["Location"] == f"{BASE}users/{user.pk}/tasks/"
    answer = send(admin, f"users/{user.pk}/tasks/", to=str(colleague.pk), reason="left")
    assert answer.status_code == 302
    task.refresh_from_db()
    case.refresh_from_db()
    assert task.assignee == colleague
    assert case.version > version
    act, actor, data = entries(f"case:{case.number}")[0]
    assert (act, actor) == ("case.taken-over", "supervisor")
    assert (data["from"], data["to"]) == ("handler-cgj", "colleague")
    assert "Task goes from" in words(admin.get(f"/office/cases/{case.number}/"))


def test_people_change_their_own_password_and_keep_their_language(client, town):
    client.force_login(town["people"]["CGJ"])
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    path = "/office/me/password/"
    wrong = client.post(path, {"old": "no", "password": GOOD})
    assert (wrong.status_code, "present password is wrong" in words(wrong)) == (422, True)
    assert client.post(path, {"old": "correct horse", "password": "abc"}).status_code == 422
    done = client.post(path, {"old": "correct horse", "password": GOOD})
    assert done.status_code == 302
    assert client.get("/office/me/").status_code == 200
    assert User.objects.get(username="handler-cgj").check_password(GOOD)
    client.post("/language/", {"language": "en", "next": "/office/me/"})
    assert User.objects.get(username="handler-cgj").language == "en"
    client.post("/language/", {"language": "tlh", "next": "/office/me/"})
    assert User.objects.get(username="handler-cgj").language == "en"
