"""Names that an Android package can bear."""

from __future__ import annotations

import pytest

from edge.errors import PackageError
from edge.package.names import check_distinct, check_model_name, check_package_id, default_package_id
from edge.zoo.catalogue import catalogue


def test_every_model_of_the_catalogue_can_be_packaged() -> None:
    names = [check_model_name(model.name) for model in catalogue()]
    check_distinct(names)
    for name in names:
        check_package_id(default_package_id([name]))


@pytest.mark.parametrize(
    "name", ["", "1net", "my-net", "my net", "nét", "_hidden", "class", "true", "cvs", "a.b", "../x"]
)
def test_what_is_no_java_identifier_is_refused(name: str) -> None:
    with pytest.raises(PackageError, match="cannot be a model's name"):
        check_model_name(name)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "b", "a"], "two models are called 'a'"),
        (["MobileNet", "mobilenet"], "'MobileNet' and 'mobilenet' differ only in letter case"),
    ],
)
def test_colliding_names_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(PackageError, match=message):
        check_distinct(names)


@pytest.mark.parametrize("package_id", ["", "models", "com.1a", "com..a", "com.my-app", "com.int.a", ".com.a", "com.ä"])
def test_what_is_no_package_id_is_refused(package_id: str) -> None:
    with pytest.raises(PackageError, match="is no Android package id"):
        check_package_id(package_id)
