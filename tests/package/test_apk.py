"""The APK, judged by Android's own tools."""

from __future__ import annotations

import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from edge.errors import PackageError, UsageError
from edge.package.apk import package_id_of, write_apk
from edge.package.keys import SigningKey, choose_key, debug_key
from edge.package.model import PackagedModel, load_model
from edge.package.sdk import AndroidTools, find_tools
from tests.package.conftest import MakeModel
from tests.package.tools import needs_android_tools, run

pytestmark = [pytest.mark.slow, needs_android_tools]


@pytest.fixture
def tools() -> AndroidTools:
    return find_tools()


@pytest.fixture
def models(make_model: MakeModel) -> list[PackagedModel]:
    catalogue = {"model": {"name": "PPLCNet_x1_0"}, "class_num": 1000, "source": {"kind": "random", "seed": 0}}
    return [load_model(make_model("tiny")), load_model(make_model("PPLCNet_x1_0", **catalogue))]


def test_androids_tools_accept_it(tmp_path: Path, models: list[PackagedModel], tools: AndroidTools) -> None:
    apk = write_apk(tmp_path / "lab.apk", models, "com.example.lab", tools=tools, key=debug_key(tools))
    output = run(tools.apksigner, "verify", "--verbose", apk)
    assert "Verified using v2 scheme (APK Signature Scheme v2): true" in output
    assert "Verified using v3 scheme (APK Signature Scheme v3): true" in output
    if shutil.which("zipalign"):
        run("zipalign", "-c", "4", apk)
    assert package_id_of(apk, tools) == "com.example.lab"
    badging = run(tools.aapt2, "dump", "badging", apk)
    assert "targetSdkVersion:'35'" in badging
    assert "application: label='2 models'" in badging
    with zipfile.ZipFile(apk) as archive:
        for model in models:
            nb = archive.getinfo(f"assets/models/{model.name}/model.nb")
            assert nb.compress_type == zipfile.ZIP_STORED
            assert archive.read(nb) == model.nb.read_bytes()
        assert not [name for name in archive.namelist() if name.endswith(".dex")]


def test_models_begin_at_16_kb_pages(tmp_path: Path, models: list[PackagedModel], tools: AndroidTools) -> None:
    """So that native code can map them by themselves; signing must not move them."""
    apk = write_apk(tmp_path / "lab.apk", models, "com.example.lab", tools=tools, key=debug_key(tools))
    data = apk.read_bytes()
    for model in models:
        assert data.index(model.nb.read_bytes()) % 0x4000 == 0


def test_two_runs_give_the_same_bytes(tmp_path: Path, models: list[PackagedModel], tools: AndroidTools) -> None:
    key = debug_key(tools)
    one = write_apk(tmp_path / "one.apk", models, "com.example.lab", tools=tools, key=key)
    two = write_apk(tmp_path / "two.apk", models[::-1], "com.example.lab", tools=tools, key=debug_key(tools))
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", "one.apk", "two.apk"]


def test_the_debug_key_is_made_once_by_however_many(tools: AndroidTools) -> None:
    digests: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: digests.append(debug_key(tools).keystore.read_bytes())) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    keystore = debug_key(tools).keystore
    assert digests == [keystore.read_bytes()] * 3
    assert [path.name for path in keystore.parent.iterdir()] == [keystore.name]


def test_the_users_key(
    tmp_path: Path, models: list[PackagedModel], tools: AndroidTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = tmp_path / "mine.p12"
    run(
        *(
            tools.keytool,
            "-genkeypair",
            "-keystore",
            keystore,
            "-storepass",
            "secret1",
            "-alias",
            "mine",
            "-keyalg",
            "EC",
        ),
        *("-dname", "CN=Mine", "-validity", "10"),
    )
    monkeypatch.setenv("MY_PASSWORD", "secret1")
    key = choose_key(tools, keystore, alias="mine", password="env:MY_PASSWORD")
    apk = write_apk(tmp_path / "lab.apk", models, "com.example.lab", tools=tools, key=key)
    assert "CN=Mine" in run(tools.apksigner, "verify", "--print-certs", apk)
    (tmp_path / "password").write_text("secret1\n")
    key = choose_key(tools, keystore, alias=None, password=f"file:{tmp_path / 'password'}")
    write_apk(apk, models, "com.example.lab", tools=tools, key=key)


def test_a_wrong_password_leaves_nothing(tmp_path: Path, models: list[PackagedModel], tools: AndroidTools) -> None:
    key = SigningKey(debug_key(tools).keystore, "androiddebugkey", "pass:wrong")
    with pytest.raises(PackageError, match=r"the APK could not be signed: .*password"):
        write_apk(tmp_path / "lab.apk", models, "com.example.lab", tools=tools, key=key)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_half_a_key_is_none(tmp_path: Path, tools: AndroidTools) -> None:
    keystore = tmp_path / "mine.p12"
    with pytest.raises(UsageError, match="name the keystore too"):
        choose_key(tools, None, alias="mine", password=None)
    with pytest.raises(UsageError, match="where does the password"):
        choose_key(tools, keystore, alias="mine", password=None)
    with pytest.raises(PackageError, match="there is no keystore"):
        choose_key(tools, keystore, alias="mine", password="env:HOME")
    keystore.touch()
    for password, output in (
        ("env:NOT_SET", "at 'env:NOT_SET'"),
        ("file:/nowhere", "at 'file:/nowhere'"),
        ("secret1", "'...'"),
    ):
        with pytest.raises(PackageError) as raised:
            choose_key(tools, keystore, alias="mine", password=password)
        assert output in raised.value.message
        assert "secret1" not in raised.value.message


def test_what_is_no_apk_has_no_package(tmp_path: Path, tools: AndroidTools) -> None:
    (tmp_path / "x.apk").write_bytes(b"not an apk")
    with pytest.raises(PackageError, match=r"x\.apk is no APK"):
        package_id_of(tmp_path / "x.apk", tools)
