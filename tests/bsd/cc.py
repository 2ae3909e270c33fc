# SPDX-License-Identifier: MIT
"""cc.py WASOCK_CC FOLDER HOST: options that configure scripts and distributions
add make no difference to wasock-cc, nor does a source on standard input; err.h
says who speaks; a program may have headers of the layer's names."""
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
    errno = ENOENT;
    warn("file %d", 1);
    errx(3, "over");
}
"""
OPTIONS = ("-pthread -rdynamic -fPIE -pie -fstack-protector-strong "
           "-v -Wl,-z,relro -Wl,-z,now -Wl,--as-needed -Wl,-z,stack-size=2097152 "
           "-Wl,--no-as-needed -Wl,--no-undefined -Wl,-Bsymbolic-functions "
           "-Wl,--start-group -Wl,--end-group -Wl,--hash-style=gnu "
           "-Wl,--sort-common -Wl,--warn-common "
           "-lpthread -lrt -ldl -lnsl -lresolv -lutil -lcrypt -Werror").split()

compiler, folder, host = sys.argv[1:4]
program = pathlib.Path(folder) / "cc.wasm"
subprocess.run([compiler, *OPTIONS, "-x", "c", "-", "-o", program],
               input=SOURCE, text=True, check=True, stderr=subprocess.DEVNULL)
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
subprocess.run([compiler, f"-I{headers}", "-fsyntax-only", "-x", "c", "-"],
               input="""#include "err.h"
#include "wait.h"
#include "paths.h"
#include "semaphore.h"
int all[] = {OUR_err, OUR_wait, OUR_paths, OUR_semaphore};
""", text=True, check=True)
