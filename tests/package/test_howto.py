"""The how-to for Android apps: its Java compiles, its commands and options exist, and it quotes what edgezoo says."""

from __future__ import annotations

import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from edge.cli.main import COMMANDS
from edge.device.usable import MIN_SDK
from tests.package.jvm import HERE, ROOT, builder

TEXT = (ROOT / "docs/how-to/android-app.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK: apt-get install default-jdk-headless")
def test_the_java_compiles(tmp_path: Path) -> None:
    """Against stubs of the Android classes and of Paddle-Lite's, and against the helper's sources."""
    classifier, from_another_app = blocks("java")
    source = tmp_path / "source"
    source.mkdir()
    (source / "Classifier.java").write_text(classifier)
    (source / "Other.java").write_text(
        "import android.content.Context;\nimport edgezoo.android.EdgeModel;\n"
        f"class Other {{ Object open(Context context) throws Exception {{ return {from_another_app.strip()}; }} }}\n"
    )
    for tree in (ROOT / "edge/package/java/src", HERE / "java/lite"):
        shutil.copytree(tree, source, dirs_exist_ok=True)
    shutil.copytree(ROOT / "edge/package/java/stubs", source, dirs_exist_ok=True)
    context = source / "android/content/Context.java"
    more = "    public abstract Context createPackageContext(String packageName, int flags) throws Exception;\n}\n"
    context.write_text(context.read_text().rstrip().removesuffix("}") + more)
    builder["compile_java"](source, tmp_path / "classes")
    assert (tmp_path / "classes/Classifier.class").is_file()


def test_its_oldest_android_is_that_of_the_packages() -> None:
    assert re.findall(r"minSdk = (\d+)", TEXT) == [str(MIN_SDK)]


def test_its_commands_and_options_exist() -> None:
    used = re.findall(r"(?:^|`)edgezoo ([a-z]+)((?: [^`\n#]*)?)", TEXT, re.M)
    assert {name for name, _ in used} >= {"convert", "package", "inspect", "install"}
    for name, rest in used:
        known = {option for parameter in import_module(COMMANDS[name]).command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) <= known, (name, rest)
    for option in re.findall(r"`(--[a-z-]+)", TEXT):
        assert any(
            option in parameter.opts
            for name in ("convert", "package", "install")
            for parameter in import_module(COMMANDS[name]).command.params
        ), option


def test_it_quotes_what_edgezoo_says() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", TEXT.partition("| it says |")[2].partition("\n\n")[0], re.M)
    source = re.sub(r"\{[^}]*\}", "*", (ROOT / "edge/cli/package.py").read_text(encoding="utf-8"))
    assert len(rows) == 4
    for quoted in rows:
        pattern = re.escape(quoted).replace(re.escape("libc++_shared.so"), r"\*").replace("4", r"\*")
        assert re.search(pattern, source), quoted
