# SPDX-License-Identifier: MIT
"""cc.py WASOCK_CC FOLDER HOST: options that configure scripts and distributions
add make no difference to wasock-cc, nor does a source on standard input; err.h
says who speaks; a program may have headers of the layer's names; a header that
is missing is explained."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(root / "tests" / "doctor"))
import hosts  # noqa: E402

SOURCE = r"""
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
main() /* as old configure scripts have it */
{
    errno = __builtin_return_address(0) ? 0 : ENOENT;
    warn("file %d", 1);
    errx(3, "over");
}
"""
OPTIONS = ("-pthread -rdynamic -fPIE -pie -fstack-protector-strong "
           "-v -Wl,-z,relro -Wl,-z,now -Wl,--as-needed -Wl,-z,stack-size=2097152 "
           "-Wl,--no-as-needed -Wl,--no-undefined -Wl,-Bsymbolic-functions "
           "-Wl,--start-group -Wl,--end-group -Wl,--hash-style=gnu "
           "-Wl,--sort-common -Wl,--warn-common "
           "-lpthread -lrt -ldl -lnsl -lresolv -lutil -lcrypt -latomic -lgcc_s "
           # With a value of their own, which goes as well.
           "-Wl,-rpath -Wl,/usr/lib -Wl,-rpath,/a,-rpath-link,/b -R /usr/lib "
           "-Wl,--rpath=/c -Wl,-soname,libc.so.1 -Wl,-soname=c -z now "
           "-Xlinker -z -Xlinker relro -Xlinker -rpath -Xlinker /d -znoexecstack "
           "-Wl,-z,relro,-z,now -Wl,--version-script,map -Wl,-dynamic-linker -Wl,x "
           "-Wl,--version-script=map -Wl,--dynamic-list=list "
           "-Wl,--enable-new-dtags "
           "-fuse-ld=gold -march=native -mtune=generic -m64 -specs=x -no-pie "
           "-static-libgcc -Werror").split() + ["-z relro"]

compiler, folder, host = sys.argv[1:4]
is_zig = "zig-cc" in pathlib.Path(compiler).read_text()
if not is_zig:  # whose linker makes no map
    OPTIONS.append("-Wl,--gc-sections,--as-needed,-Map,cc.map")
program = pathlib.Path(folder) / "cc.wasm"
subprocess.run([compiler, *OPTIONS, "-x", "c", "-", "-o", program],
               input=SOURCE, text=True, check=True, stderr=subprocess.DEVNULL,
               cwd=folder)
# wasm-ld knows this one.
assert is_zig or (pathlib.Path(folder) / "cc.map").exists()
subprocess.run([compiler, "-v"], check=True, stderr=subprocess.DEVNULL)
run = subprocess.run([hosts.path(host), "run", program], text=True,
                     capture_output=True, timeout=50)
# A component's end is success or not.
assert run.returncode == (1 if hosts.is_component([program]) else 3), run
name = program.name
said = run.stderr.splitlines()
assert said == [f"{name}: file 1: No such file or directory",
                f"{name}: over"], said

# A program's own headers come before the layer's, whatever their names.
headers = pathlib.Path(folder) / "cc_headers"
headers.mkdir(exist_ok=True)
for name in ("err", "wait", "paths", "semaphore"):
    (headers / f"{name}.h").write_text(f"#define OUR_{name} 1\n")
own = headers / "own.c"
own.write_text("""#include "err.h"
#include "wait.h"
#include "paths.h"
#include "semaphore.h"
int all[] = {OUR_err, OUR_wait, OUR_paths, OUR_semaphore};
""")
compile_own = ["-c", own, "-o", headers / "own.o"]  # zig has no -fsyntax-only
subprocess.run([compiler, f"-I{headers}", *compile_own], check=True)

# It looks like Unix, and not like Linux.
own.write_text("""#if !defined(__unix__) || defined(__linux__)
#error "not Unix"
#endif
""")
subprocess.run([compiler, *compile_own], check=True)

# What old compilers warned of is no error: configure scripts look for functions
# without a declaration. -Werror makes it one, as with these compilers.
if not is_zig:
    own.write_text("""struct a { int x; }; struct b { int x; };
int of(struct a *a) { struct b *b = a; return b->x; }
void take(int *n) { *n = of(0); }
void (*taker(void))(void *) { return take; }
int nothing(void) { return; }
int main() { return getpid() + (taker() == 0) + nothing(); }
""")
    link_own = [compiler, own, "-o", headers / "own.wasm"]
    subprocess.run(link_own, check=True, capture_output=True)
    run = subprocess.run([*link_own, "-Werror"], capture_output=True, text=True)
    assert run.returncode != 0 and run.stderr.count("error:") >= 4, run

# As gcc's: Autoconf's AX_PTHREAD looks for it.
own.write_text("""#ifndef _REENTRANT
#error "no -pthread"
#endif
""")
subprocess.run([compiler, "-pthread", *compile_own], check=True)

# Each header compiles alone, also in strict C.
layer = root / "include/wasock-bsd"
own.write_text("".join(
    f"#include <{path.relative_to(layer)}>\n"
    for path in sorted(layer.rglob("*.h")) if not path.name.startswith("__")))
subprocess.run([compiler, "-Werror", "-std=c11", *compile_own], check=True)

# A header that is missing is explained, however it is compiled.
for header, instead in (("linux/netlink.h", "net/if.h"),
                        ("sys/event.h", "sys/epoll.h"),
                        ("sys/nosuch.h", "docs/bsd.md")):
    own.write_text(f"#include <{header}>\nint main(void) {{ return 0; }}\n")
    for options in (compile_own,
                    ["-O2", own, "-o", headers / "own.wasm"]):
        run = subprocess.run([compiler, *options], text=True,
                             capture_output=True)
        assert run.returncode != 0, run
        assert f"'{header}' file not found" in run.stderr, run.stderr
        notes = [line for line in run.stderr.splitlines()
                 if line.startswith(f"wasock-cc: {header}: ")]
        assert len(notes) == 1 and instead in notes[0], run.stderr
