from pathlib import Path

from tests.support.debian import find_program, install_commands, quiet_files


def test_packages_are_installed_without_questions_and_without_what_is_only_recommended() -> None:
    update, install = install_commands(("redis-server", "postgresql"))
    assert update[:2] == ["apt-get", "update"]
    assert install[:2] == ["apt-get", "install"]
    assert {"-y", "--no-install-recommends"} <= set(install)
    assert install[-2:] == ["redis-server", "postgresql"]


def test_packages_neither_make_a_cluster_nor_start_anything(tmp_path: Path) -> None:
    files = {str(path.relative_to(tmp_path)): text for path, text in quiet_files(tmp_path).items()}
    assert files == {
        "etc/postgresql-common/createcluster.conf": "create_main_cluster = false\n",
        "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
    }


def test_the_newest_program_that_debian_keeps_off_the_path_is_found(tmp_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        program = tmp_path / version / "bin" / "no-such-postgres"
        program.parent.mkdir(parents=True)
        program.touch()
    assert find_program("no-such-postgres", tmp_path) == str(tmp_path / "17" / "bin" / "no-such-postgres")
    assert find_program("nothing", tmp_path) is None
