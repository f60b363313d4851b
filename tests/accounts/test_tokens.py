"""Tokens: shown once, kept as a hash; who may sign in."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from townkeeper.accounts.models import Token, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return User.objects.create_user("hotline", password="correct horse", name="熱線")


def test_a_secret_is_shown_once_and_only_its_hash_is_kept(user):
    secret = Token.issue(user, "hotline")
    token = Token.objects.get()
    assert secret.startswith("tk_")
    assert len(secret) == 46, "256 bits"
    assert token.digest == Token.hash_of(secret)
    stored = [str(getattr(token, f.attname)) for f in Token._meta.concrete_fields]
    assert not any(secret in value for value in stored)
    assert (token.user, token.label, token.closed_at, str(token)) == (
        user,
        "hotline",
        None,
        "hotline",
    )


def test_no_two_secrets_are_alike(user):
    secrets = {Token.issue(user, "x") for _ in range(50)}
    assert len(secrets) == 50
    with pytest.raises(IntegrityError):
        Token.objects.create(user=user, label="x", digest=Token.hash_of(secrets.pop()))


@pytest.mark.parametrize("secret", ["", "tk_", "中文", "\udcff", "x" * 10_000])
def test_any_text_has_a_hash(secret):
    assert len(Token.hash_of(secret)) == 64


def test_the_hash_is_plain_sha256():
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert Token.hash_of("abc") == known


def test_people_are_called_by_their_names(user):
    assert str(user) == "熱線"
    assert str(User(username="hotline")) == "hotline"


def test_demonstration_people_sign_in_only_in_the_demonstration(user, settings):
    def may():
        return authenticate(username="hotline", password="correct horse") is not None

    assert may()
    User.objects.update(is_demo=True)
    assert not may()
    settings.DEMO = True
    assert may()
    User.objects.update(is_active=False)
    assert not may()
