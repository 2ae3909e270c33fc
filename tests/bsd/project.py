# SPDX-License-Identifier: MIT
"""project.py BUILD FOLDER HOST: a CMake project written for Linux configures,
builds, passes its tests and installs with wasock-bsd.cmake, that of the build
tree and the installed one."""
import os
import pathlib
import shutil
import subprocess
import sys

here = pathlib.Path(__file__).parent
root = here.parents[1]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

build, folder, host = sys.argv[1:4]
hosts.path(host)
scratch = pathlib.Path(folder) / "project"
hosts_bin = root / ".hosts/bin"
os.environ["PATH"] += f"{os.pathsep}{hosts_bin}"
os.environ["WASOCK_RUNTIME"] = host


def run(*words):
    result = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout
    return result.stdout


def check(prefix):
    toolchain = next(pathlib.Path(prefix).glob("lib*/**/wasock-bsd.cmake"))
    tree = scratch / "build"
    shutil.rmtree(tree, ignore_errors=True)
    run("cmake", "-S", here / "project", "-B", tree,
        f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", "-DBUILD_SHARED_LIBS=ON")
    run("cmake", "--build", tree)
    run("ctest", "--test-dir", tree, "--output-on-failure",
        "--no-tests=error")
    run("cmake", "--install", tree, "--prefix", scratch / "out")
    assert (scratch / "out/bin/main.wasm").read_bytes().startswith(b"\0asm")


shutil.rmtree(scratch, ignore_errors=True)
prefix = scratch / "a prefix"
run("cmake", "--install", build, "--prefix", prefix)
check(build)
check(prefix)
