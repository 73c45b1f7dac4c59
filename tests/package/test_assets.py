"""Files in an existing app: written once, replaced only where edgezoo wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import PackageError
from edge.package.assets import find_module, gradle_lines, install_assets
from edge.package.litelib import find_release
from edge.package.model import load_model
from tests.package.conftest import DATA, MakeModel, MakeRelease


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A project with an app module, as Android Studio makes it."""
    (tmp_path / "MyApp/app/src/main").mkdir(parents=True)
    (tmp_path / "MyApp/app/build.gradle.kts").write_text("android {}\n")
    (tmp_path / "MyApp/build.gradle.kts").write_text("\n")
    return tmp_path / "MyApp"


def snapshot(app: Path) -> dict[str, tuple[bytes, int]]:
    """Every file's content and time."""
    return {
        str(path.relative_to(app)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(app.rglob("*"))
        if path.is_file()
    }


def test_the_module_is_found_from_the_project_and_from_itself(app: Path, tmp_path: Path) -> None:
    assert find_module(app) == find_module(app / "app") == app / "app"
    with pytest.raises(PackageError, match="is no Android app"):
        find_module(tmp_path)


def test_the_second_time_nothing_is_touched(app: Path, tiny: Path, make_release: MakeRelease) -> None:
    release = find_release([make_release()])
    done = install_assets(app, [load_model(tiny)], release)
    assert set(done.written) == {
        "src/main/assets/models/tiny/model.nb",
        "src/main/assets/models/tiny/model.json",
        "src/main/jniLibs/arm64-v8a/libpaddle_lite_jni.so",
        "libs/PaddlePredictor.jar",
        "libs/edgezoo-helper.jar",
    }
    assert (app / "app/src/main/assets/models/tiny/model.nb").read_bytes() == tiny.read_bytes()
    before = snapshot(app)
    again = install_assets(app, [load_model(tiny)], release)
    assert (again.written, again.removed, again.unchanged) == ((), (), 5)
    assert snapshot(app) == before


def test_a_new_version_replaces_the_old_one_and_its_labels(app: Path, make_model: MakeModel, tmp_path: Path) -> None:
    (tmp_path / "five.txt").write_text("a\nb\nc\nd\ne\n")
    install_assets(
        app, [load_model(make_model(), labels={"": str(tmp_path / "five.txt")}), load_model(make_model("other"))]
    )
    changed = make_model(nb=(DATA / "tiny.nb").read_bytes()[:-1] + b"\x01")
    done = install_assets(app, [load_model(changed)])
    assert set(done.written) == {f"src/main/assets/models/tiny/model.{kind}" for kind in ("nb", "json")}
    assert done.removed == ("src/main/assets/models/tiny/labels.txt",)
    assert (app / "app/src/main/assets/models/tiny/model.nb").read_bytes() == changed.read_bytes()
    assert (app / "app/src/main/assets/models/other/model.nb").is_file()


@pytest.mark.parametrize("place", ["libs/edgezoo-helper.jar", "src/main/assets/models/tiny/model.json"])
def test_what_edgezoo_did_not_write_is_not_overwritten(app: Path, tiny: Path, place: str) -> None:
    foreign = app / "app" / place
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    before = snapshot(app)
    with pytest.raises(PackageError, match="is in the way: edgezoo did not write it"):
        install_assets(app, [load_model(tiny)])
    assert snapshot(app) == before


def test_what_was_changed_since_is_not_overwritten_nor_removed(
    app: Path, make_model: MakeModel, tmp_path: Path
) -> None:
    (tmp_path / "five.txt").write_text("a\nb\nc\nd\ne\n")
    install_assets(app, [load_model(make_model(), labels={"": str(tmp_path / "five.txt")})])
    (app / "app/src/main/assets/models/tiny/labels.txt").write_text("my own\n")
    before = snapshot(app)
    with pytest.raises(PackageError, match=r"labels\.txt is in the way"):
        install_assets(app, [load_model(make_model())])
    assert snapshot(app) == before


def test_a_run_that_was_cut_off_goes_on(app: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every write in turn, between an old and a new version: the next run is right."""
    import edge.package.assets as assets

    real = assets._write
    old, new = (DATA / "tiny.nb").read_bytes(), (DATA / "tiny.nb").read_bytes()[:-1] + b"\x01"
    for stop in (0, 1):
        install_assets(app, [load_model(make_model(nb=old))])
        count = iter(range(10))

        def killed(*arguments: object, stop: int = stop, count: object = count) -> None:
            if next(count) == stop:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(assets, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            install_assets(app, [load_model(make_model(nb=new))])
        monkeypatch.setattr(assets, "_write", real)
        install_assets(app, [load_model(make_model(nb=new))])
        assert (app / "app/src/main/assets/models/tiny/model.nb").read_bytes() == new


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"format": "edgezoo-app/1", "files": {"../../x": []}}',
        '{"format": "edgezoo-app/1", "files": {"/x": []}}',
    ],
)
def test_a_record_that_edgezoo_did_not_write(app: Path, tiny: Path, content: str) -> None:
    (app / "app/edgezoo.json").write_text(content)
    with pytest.raises(PackageError, match=r"edgezoo\.json"):
        install_assets(app, [load_model(tiny)])


def test_the_record_is_readable(app: Path, tiny: Path) -> None:
    install_assets(app, [load_model(tiny)])
    record = json.loads((app / "app/edgezoo.json").read_bytes())
    assert len(record["files"]["src/main/assets/models/tiny/model.nb"]) == 1


def test_the_gradle_lines_name_the_abis(make_release: MakeRelease) -> None:
    lines = gradle_lines(find_release([make_release("x86_64"), make_release()]))
    assert 'abiFilters += listOf("arm64-v8a", "x86_64")' in lines
    assert 'noCompress += "nb"' in lines
    assert "-keep class com.baidu.paddle.lite.**" in lines
    assert "-keep" not in gradle_lines(None)
