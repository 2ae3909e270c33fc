# SPDX-License-Identifier: MIT
"""Build a known C server, unmodified, with wasock-cc.

build.py NAME WASOCK-CC LLVM-AR LLVM-RANLIB FOLDER

With "cc" for WASOCK-CC they are built natively, as a measure. The sources are
Debian's tarballs, from the folder in WASOCK_THIRD_PARTY or else
by apt; the programs go to FOLDER.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

name, cc, ar, ranlib, folder = sys.argv[1:6]
folder = pathlib.Path(folder)
is_native = cc == "cc"
ending = "" if is_native else ".wasm"
here = pathlib.Path(__file__).parent
SKIPPED = 77

TARBALLS = {
    "libevent": ("libevent_2.1.12-stable.orig.tar.gz",
                 "92e6de1be9ec176428fd2367677e61ce"
                 "ffc2ee1cb119035037a27d346b0403bb"),
    "libev": ("libev_4.33.orig.tar.gz",
              "507eb7b8d1015fbec5b935f34ebed15b"
              "f346bed04a11ab82b8eee848c4205aea"),
    "mosquitto": ("mosquitto_2.0.11.orig.tar.gz",
                  "7b36a7198bce85cf31b132f5c6ee36dc"
                  "f5dadf86fb768501eb1e11ce95d4f78a"),
    "ngircd": ("ngircd_28.orig.tar.xz",
               "b48ba320a931d445ae335c47f88a9406"
               "a20f5c71c623bee5f7755d0522d435ee"),
}


def find_tarball():
    file, wanted = TARBALLS[name]
    given = os.environ.get("WASOCK_THIRD_PARTY")
    path = pathlib.Path(given or folder) / file
    if not path.exists() and not given:
        subprocess.run(["apt-get", "source", "--download-only", "-qq", name],
                       cwd=folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    if not path.exists():
        print(f"SKIP: {file} is neither in WASOCK_THIRD_PARTY nor to be had "
              "by apt")
        # Where the folder is named, all of them are wanted.
        sys.exit(1 if given and os.environ.get("CI") == "true" else SKIPPED)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == wanted, f"{file} is not what it was: {found}"
    return path


def unpack():
    """The sources, in a folder of their own."""
    tree = folder / "src"
    shutil.rmtree(tree, ignore_errors=True)
    with tarfile.open(find_tarball()) as tarball:
        tarball.extractall(tree)
    return next(tree.iterdir())


def run(*words, cwd, **environment):
    result = subprocess.run([str(word) for word in words], cwd=cwd, text=True,
                            env={**os.environ, **environment},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{result.stdout[-6000:]}")


def configure(tree, *options):
    guest = [] if is_native else ["--host=wasm32-unknown-none"]
    run("./configure", *guest, *options, cwd=tree, CC=cc, AR=ar, RANLIB=ranlib)


# What make would do about files that are older than others.
NO_AUTOTOOLS = ("AUTOMAKE=:", "ACLOCAL=:", "AUTOCONF=:", "AUTOHEADER=:")


def libevent(tree):
    configure(tree, "--disable-shared", "--disable-openssl",
              "--disable-thread-support", "--disable-libevent-regress",
              "--disable-samples")
    for target in "include/event2/event-config.h", "libevent.la":
        run("make", "-j2", *NO_AUTOTOOLS, target, cwd=tree)
    run(cc, "-O2", "-w", "-I.", "-Iinclude", "-Icompat",
        "sample/http-server.c", ".libs/libevent.a", "-o",
        folder / f"libevent{ending}", cwd=tree)


def libev(tree):
    configure(tree, "--disable-shared")
    run(cc, "-O2", "-w", "-I.", "-DHAVE_CONFIG_H", here / "ev_echo.c", "ev.c",
        "-o", folder / f"libev{ending}", cwd=tree)


def mosquitto(tree):
    left_out = ("service", "websockets", "mux_epoll", "plugin_defer",
                "plugin_debug", "db_dump")
    broker = [path for path in sorted(tree.glob("src/*.c"))
              if path.stem not in left_out]
    library = [tree / "lib" / f"{part}.c" for part in (
        "alias_mosq handle_ping handle_pubackcomp handle_pubrec handle_pubrel "
        "handle_suback handle_unsuback memory_mosq misc_mosq net_mosq "
        "net_mosq_ocsp packet_datatypes packet_mosq property_mosq send_mosq "
        "send_connect send_disconnect send_publish send_subscribe "
        "send_unsubscribe strings_mosq time_mosq tls_mosq util_mosq "
        "util_topic utf8_mosq will_mosq").split()]
    words = [cc, "-O2", "-w", "-DWITH_BROKER", '-DVERSION="2.0.11"',
             "-DWITH_BRIDGE", "-DWITH_PERSISTENCE", "-DWITH_SYS_TREE", "-I.", "-Iinclude",
             "-Isrc", "-Ilib", "-Ideps", *broker, *library]
    run(*words, "-lm", "-o", folder / f"mosquitto-poll{ending}", cwd=tree)
    run(*words, "-DWITH_EPOLL", tree / "src/mux_epoll.c", "-lm", "-o",
        folder / f"mosquitto-epoll{ending}", cwd=tree)


def ngircd(tree):
    options = ("--without-kqueue", "--without-devpoll", "--without-syslog",
               "--without-zlib", "--without-pam", "--without-tcp-wrappers",
               "--without-ident", "--disable-ipv6",
               "ac_cv_func_malloc_0_nonnull=yes")
    for kind, choice in (("poll", "--without-epoll"), ("epoll", "--with-epoll")):
        configure(tree, choice, *options)
        run("make", "-j2", *NO_AUTOTOOLS, "-C", "src", cwd=tree)
        shutil.copy(tree / "src/ngircd/ngircd", folder / f"ngircd-{kind}{ending}")
        run("make", *NO_AUTOTOOLS, "-C", "src", "clean", cwd=tree)


folder.mkdir(parents=True, exist_ok=True)
globals()[name](unpack())
