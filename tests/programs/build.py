# SPDX-License-Identifier: MIT
"""Build a known C program, unmodified, with wasock-cc.

build.py NAME WASOCK-CC LLVM-AR LLVM-RANLIB FOLDER

With "cc" for WASOCK-CC they are built natively, as a measure. The sources are
Debian's tarballs, from the folder in WASOCK_THIRD_PARTY or those that
tools/sources.sh fetched. The programs go to FOLDER; what is there already, by
the same compiler and recipe, is not built again.
"""
import hashlib
import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

here = pathlib.Path(__file__).parent
root = here.parents[1]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

name, cc, ar, ranlib, folder = sys.argv[1:6]
folder = pathlib.Path(folder).absolute()
is_native = cc == "cc"
ending = "" if is_native else ".wasm"
# For configure scripts: their compiled tests run in the sandbox, too.
running_cc = cc if is_native else f"{cc} --run"


def find_tarball(package):
    """The path of the package's tarball, whose content is as it was."""
    rows = [line.split() for line in
            (here / "sources.txt").read_text().splitlines()]
    wanted, file = next(row[:2] for row in rows if row[2:] == [package])
    given = os.environ.get("WASOCK_THIRD_PARTY")
    for place in given, root / ".hosts" / "sources":
        path = pathlib.Path(place or "/nonexistent") / file
        if path.exists():
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            assert found == wanted, f"{path} is not what it was: {found}"
            return path
    hosts.skip(f"{file} is missing; tools/setup.sh --all-hosts fetches it")


def unpack(package=name):
    """The sources, in a folder of their own."""
    tree = folder / "src" / package
    shutil.rmtree(tree, ignore_errors=True)
    with tarfile.open(find_tarball(package)) as tarball:
        tarball.extractall(tree)
    return next(tree.iterdir())


def run(*words, cwd, **environment):
    result = subprocess.run([str(word) for word in words], cwd=cwd, text=True,
                            env={**os.environ, **environment},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{result.stdout[-6000:]}")


def configure(tree, *options):
    guest = [] if is_native else ["--host=wasm32-unknown-none"]
    run("./configure", *guest, *options, cwd=tree, CC=cc, AR=ar, RANLIB=ranlib)


def keep(path, program=None):
    """Let what was linked be FOLDER/PROGRAM."""
    shutil.copy(f"{path}{ending}", folder / f"{program or name}{ending}")


# What make would do about files that are older than others.
NO_AUTOTOOLS = ("AUTOMAKE=:", "ACLOCAL=:", "AUTOCONF=:", "AUTOHEADER=:")


def make_libevent(tree):
    configure(tree, "--disable-shared", "--disable-openssl",
              "--disable-thread-support", "--disable-libevent-regress",
              "--disable-samples")
    for target in "include/event2/event-config.h", "libevent.la":
        run("make", "-j2", *NO_AUTOTOOLS, target, cwd=tree)


def libevent(tree):
    make_libevent(tree)
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
             "-DWITH_BRIDGE", "-DWITH_PERSISTENCE", "-DWITH_SYS_TREE", "-I.",
             "-Iinclude", "-Isrc", "-Ilib", "-Ideps", *broker, *library]
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


def nginx(tree):
    """Its configure is not made for cross builds: it runs what it compiles."""
    run("./configure", "--prefix=/nginx", "--error-log-path=stderr",
        "--with-cc-opt=-O2 -w",
        "--with-select_module", "--with-poll_module",
        "--without-http_rewrite_module", "--without-http_gzip_module",
        cwd=tree, CC=running_cc)
    run("make", "-j2", cwd=tree)
    keep(tree / "objs" / "nginx")


def lighttpd(tree):
    modules = "accesslog", "dirlisting", "staticfile"
    (tree / "src/plugin-static.h").write_text(
        "".join(f"PLUGIN_INIT(mod_{module})\n" for module in modules))
    guest = [] if is_native else ["--host=wasm32-unknown-none"]
    run("./configure", *guest, "--disable-shared", "--enable-static",
        "--without-pcre2", "--without-zlib", "--without-bzip2",
        "--disable-ipv6", cwd=tree, CC=cc, AR=ar, RANLIB=ranlib,
        CFLAGS="-O2 -w", CPPFLAGS="-DLIGHTTPD_STATIC", LIGHTTPD_STATIC="yes")
    run("make", "-j2", *NO_AUTOTOOLS, "-C", "src", "versionstamp", "lighttpd",
        cwd=tree)
    shutil.copy(tree / "src/lighttpd", folder / f"lighttpd{ending}")


def haproxy(tree):
    """It calls functions through pointers of other types."""
    linker = cc if is_native else f"{cc} --fpcast-emu"
    run("make", "-j2", "TARGET=generic", "USE_POLL=1", "USE_EPOLL=1",
        "USE_GETADDRINFO=1", "USE_ACCEPT4=1", f"CC={cc}", f"LD={linker}",
        "DEBUG_CFLAGS=-w", "haproxy", cwd=tree)
    shutil.copy(tree / "haproxy", folder / f"haproxy{ending}")


def redis(tree):
    threaded = cc if is_native else f"{cc} --threads"
    run("make", "-j2", "-C", "src", "redis-server", "MALLOC=libc",
        f"CC={threaded}", f"AR={ar}", f"RANLIB={ranlib}", "OPT=-O2",
        "CFLAGS=-w -DHAVE_EPOLL", cwd=tree)
    shutil.copy(tree / "src/redis-server", folder / f"redis{ending}")


def memcached(tree):
    event = unpack("libevent")
    make_libevent(event)
    library = event / "prefix"
    (library / "lib").mkdir(parents=True)
    shutil.copy(event / ".libs/libevent.a", library / "lib")
    shutil.copytree(event / "include", library / "include")
    run("./configure", f"--with-libevent={library}", "--disable-extstore",
        "--disable-docs", "--disable-coverage", cwd=tree,
        CC=running_cc if is_native else f"{running_cc} --threads",
        CFLAGS="-O2 -w")
    run("make", "-j2", *NO_AUTOTOOLS, "memcached", cwd=tree)
    keep(tree / "memcached")


def by_cmake(tree, *options, flags=""):
    """Build what it has; wasock-bsd.cmake is beside wasock-cc."""
    guest = []
    if not is_native:
        toolchain = next(pathlib.Path(cc).parents[1].glob(
            "lib*/**/wasock-bsd.cmake"))
        guest = [f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"]
    run("cmake", "-S", tree, "-B", tree / "build", *guest, *options,
        "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_C_FLAGS={flags}", cwd=tree)
    run("cmake", "--build", tree / "build", "-j2", cwd=tree)


def nng(tree):
    by_cmake(tree, "-DNNG_TESTS=OFF", "-DNNG_ENABLE_NNGCAT=ON",
             flags="" if is_native else "--threads")
    keep(tree / "build/src/tools/nngcat/nngcat")


def curl(tree):
    """Without threads it cannot look up names in one of them."""
    by_cmake(tree, "-DBUILD_SHARED_LIBS=OFF", "-DCURL_ENABLE_SSL=OFF",
             "-DHTTP_ONLY=ON", "-DENABLE_THREADED_RESOLVER=OFF",
             "-DENABLE_MANUAL=OFF", "-DBUILD_TESTING=OFF", flags="-w")
    keep(tree / "build/src/curl")


def is_built(stamp):
    return stamp.exists() and stamp.read_text() == recipe()


def recipe():
    """What the program is made of: the recipe, the compiler, its archives."""
    digest = hashlib.sha256(inspect.getsource(globals()[name]).encode())
    paths = [here / "sources.txt"]
    if not is_native:
        build = pathlib.Path(cc).parents[1]
        paths += [pathlib.Path(cc), *sorted(build.rglob("libwasock*.a"))]
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


stamp = folder / "built-of"
if not is_built(stamp):
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    globals()[name](unpack())
    stamp.write_text(recipe())
