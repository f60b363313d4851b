"""Addresses that are written quickly are those that Django writes."""

import pytest
from django.urls import reverse

from townkeeper.web.addresses import address, address_of_one


@pytest.mark.parametrize("key", ["DX20261101-0001", "a b~c", "號 1", "x'\"<>&?#%"])
def test_they_are_the_same(key):
    assert address("office:cases") == reverse("office:cases")
    assert address_of_one("office:case", key) == reverse("office:case", args=[key])
    assert address_of_one("dispatch:dispatch", key) == reverse("dispatch:dispatch", args=[key])
    assert address_of_one("office:thumbnail", 70) == reverse("office:thumbnail", args=[70])
