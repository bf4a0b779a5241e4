"""Photos that feeds name as files, as Windows, Macs and people write their names."""

import re
import unicodedata

import pytest

from imgrec.catalogue.local_photos import find_photo


@pytest.fixture
def folder(tmp_path):
    for name in ("photos/mugs/a.jpg", unicodedata.normalize("NFD", "photos/Käse.jpg"), "photos/b#1.jpg"):
        file = tmp_path / "feed" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    (tmp_path / "outside.jpg").write_bytes(b"x")
    return tmp_path / "feed"


@pytest.mark.parametrize(
    "named",
    [
        "photos/mugs/a.jpg",
        "./photos//mugs/a.jpg",
        r"photos\mugs\a.jpg",
        r".\photos\mugs\a.jpg",
        "Photos/MUGS/A.JPG",
        r"C:\Users\Ann\shop\photos\mugs\a.jpg",
        "D:/shop/photos/mugs/a.jpg",
        r"\\server\share\photos\mugs\a.jpg",
        "/photos/mugs/a.jpg",
        "photos%2Fmugs/a.jpg",
        "photos/mugs/a.jpg?v=2",
        "photos/mugs /\u00a0a.jpg ",
        "file:///C:/My%20shop/photos/mugs/a.jpg",
        "file:photos/mugs/a.jpg",
        "file:///photos/mugs/a.jpg",
    ],
)
def test_a_file_is_found_however_its_name_is_written(folder, named):
    assert find_photo(folder, named) == folder / "photos" / "mugs" / "a.jpg"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_and_marks_may_be_composed_otherwise(folder, form):
    found = find_photo(folder, unicodedata.normalize(form, "photos/Käse.jpg"))
    assert found
    assert found.read_bytes() == b"x"


@pytest.mark.parametrize(
    "named", ["photos/c.jpg", r"C:\elsewhere\c.jpg", r"..\outside.jpg", "nul\0.jpg", "x" * 5000, "photos/mugs/a.jpg/b"]
)
def test_a_file_that_is_not_there_is_not_found(folder, named):
    assert find_photo(folder, named) is None


@pytest.mark.parametrize("named", ["../outside.jpg", "photos/../../outside.jpg", "/etc/passwd"])
def test_none_may_lie_outside_the_feeds_folder(folder, named):
    with pytest.raises(ValueError, match=re.escape(named)):
        find_photo(folder, named)


@pytest.mark.parametrize("named", [r"C:\..\outside.jpg", r"C:\..\..\etc\passwd"])
def test_a_windows_path_does_not_lead_out_either(folder, named):
    assert find_photo(folder, named) is None


def test_a_file_that_comes_later_is_found_then(folder):
    assert find_photo(folder, "PHOTOS/mugs/NEW.jpg") is None
    (folder / "photos/mugs/new.jpg").write_bytes(b"x")
    assert find_photo(folder, "PHOTOS/mugs/NEW.jpg") == folder / "photos/mugs/new.jpg"
