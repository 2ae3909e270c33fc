/* SPDX-License-Identifier: MIT */
/* unistd.h - descriptors, processes, users, limits. */
#ifndef WASOCK_BSD_UNISTD_H
#define WASOCK_BSD_UNISTD_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <unistd.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* wasi-libc's macro calls the host, without the layer. */
#undef lseek

void _exit(int status) WASOCK_BSD(_exit) __attribute__((__noreturn__));

int close(int fd) WASOCK_BSD(close);
int dup(int fd) WASOCK_BSD(dup);
int dup2(int fd, int number) WASOCK_BSD(dup2);
int dup3(int fd, int number, int flags) WASOCK_BSD(dup3);
int pipe(int fds[2]) WASOCK_BSD(pipe);
int pipe2(int fds[2], int flags) WASOCK_BSD(pipe2);
ssize_t read(int fd, void *buffer, size_t capacity) WASOCK_BSD(read);
ssize_t write(int fd, const void *data, size_t length) WASOCK_BSD(write);
ssize_t pread(int fd, void *buffer, size_t capacity, off_t offset)
    WASOCK_BSD(pread);
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
    WASOCK_BSD(pwrite);
off_t lseek(int fd, off_t offset, int whence) WASOCK_BSD(lseek);
int fsync(int fd) WASOCK_BSD(fsync);
int fdatasync(int fd) WASOCK_BSD(fdatasync);
int ftruncate(int fd, off_t length) WASOCK_BSD(ftruncate);
int isatty(int fd) WASOCK_BSD(isatty);
int chdir(const char *path) WASOCK_BSD(chdir);
int truncate(const char *path, off_t length) WASOCK_BSD(truncate);
int unlink(const char *path) WASOCK_BSD(unlink);
int rmdir(const char *path) WASOCK_BSD(rmdir);
int link(const char *from, const char *to) WASOCK_BSD(link);
int symlink(const char *target, const char *path) WASOCK_BSD(symlink);
ssize_t readlink(const char *__restrict path, char *__restrict buffer,
                 size_t capacity) WASOCK_BSD(readlink);
int access(const char *path, int mode) WASOCK_BSD(access);
int faccessat(int directory_fd, const char *path, int mode, int flags)
    WASOCK_BSD(faccessat);
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
    WASOCK_BSD(linkat);
int symlinkat(const char *target, int directory_fd, const char *path)
    WASOCK_BSD(symlinkat);
ssize_t readlinkat(int directory_fd, const char *__restrict path,
                   char *__restrict buffer, size_t capacity)
    WASOCK_BSD(readlinkat);
int unlinkat(int directory_fd, const char *path, int flags)
    WASOCK_BSD(unlinkat);

/* Processes, users, limits. */
pid_t fork(void) WASOCK_BSD(fork);
pid_t vfork(void) WASOCK_BSD(vfork);
int execv(const char *path, char *const arguments[]) WASOCK_BSD(execv);
int execve(const char *path, char *const arguments[], char *const variables[])
    WASOCK_BSD(execve);
int execvp(const char *path, char *const arguments[]) WASOCK_BSD(execvp);
int execl(const char *path, const char *argument, ...) WASOCK_BSD(execl);
int execlp(const char *path, const char *argument, ...) WASOCK_BSD(execlp);
int execle(const char *path, const char *argument, ...) WASOCK_BSD(execle);
pid_t getppid(void) WASOCK_BSD(getppid);
pid_t getpgrp(void) WASOCK_BSD(getpgrp);
pid_t getpgid(pid_t pid) WASOCK_BSD(getpgid);
pid_t getsid(pid_t pid) WASOCK_BSD(getsid);
pid_t setsid(void) WASOCK_BSD(setsid);
pid_t setpgrp(void) WASOCK_BSD(setpgrp);
pid_t tcgetpgrp(int fd) WASOCK_BSD(tcgetpgrp);
int tcsetpgrp(int fd, pid_t group) WASOCK_BSD(tcsetpgrp);
int setpgid(pid_t pid, pid_t group) WASOCK_BSD(setpgid);
int daemon(int keeps_directory, int keeps_stdio) WASOCK_BSD(daemon);
int nice(int increment) WASOCK_BSD(nice);
int pause(void) WASOCK_BSD(pause);
char *ttyname(int fd) WASOCK_BSD(ttyname);
int ttyname_r(int fd, char *name, size_t capacity) WASOCK_BSD(ttyname_r);
char *getpass(const char *prompt) WASOCK_BSD(getpass);
unsigned sleep(unsigned seconds) WASOCK_BSD(sleep);
int usleep(useconds_t time_us) WASOCK_BSD(usleep);
pid_t gettid(void) WASOCK_BSD(gettid);
int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
    WASOCK_BSD(getresuid);
int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
    WASOCK_BSD(getresgid);
int getlogin_r(char *name, size_t capacity) WASOCK_BSD(getlogin_r);
int getdomainname(char *name, size_t capacity) WASOCK_BSD(getdomainname);
int syncfs(int fd) WASOCK_BSD(syncfs);
ssize_t copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset,
                        size_t length, unsigned flags)
    WASOCK_BSD(copy_file_range);

/* There are no system calls: ENOSYS, whatever SYS_ number. */
long syscall(long number, ...) WASOCK_BSD(syscall);
unsigned alarm(unsigned seconds) WASOCK_BSD(alarm);
useconds_t ualarm(useconds_t value_us, useconds_t interval_us)
    WASOCK_BSD(ualarm);
uid_t getuid(void) WASOCK_BSD(getuid);
uid_t geteuid(void) WASOCK_BSD(geteuid);
gid_t getgid(void) WASOCK_BSD(getgid);
gid_t getegid(void) WASOCK_BSD(getegid);
int getgroups(int capacity, gid_t *groups) WASOCK_BSD(getgroups);
int setuid(uid_t uid) WASOCK_BSD(setuid);
int seteuid(uid_t uid) WASOCK_BSD(seteuid);
int setgid(gid_t gid) WASOCK_BSD(setgid);
int setegid(gid_t gid) WASOCK_BSD(setegid);
int setreuid(uid_t real, uid_t effective) WASOCK_BSD(setreuid);
int setregid(gid_t real, gid_t effective) WASOCK_BSD(setregid);
int setresuid(uid_t real, uid_t effective, uid_t saved) WASOCK_BSD(setresuid);
int setresgid(gid_t real, gid_t effective, gid_t saved) WASOCK_BSD(setresgid);
int chroot(const char *path) WASOCK_BSD(chroot);
int chown(const char *path, uid_t uid, gid_t gid) WASOCK_BSD(chown);
int lchown(const char *path, uid_t uid, gid_t gid) WASOCK_BSD(lchown);
int fchown(int fd, uid_t uid, gid_t gid) WASOCK_BSD(fchown);
int fchownat(int directory_fd, const char *path, uid_t uid, gid_t gid,
             int flags) WASOCK_BSD(fchownat);
void sync(void) WASOCK_BSD(sync);
int fchdir(int fd) WASOCK_BSD(fchdir);
int gethostname(char *name, size_t capacity) WASOCK_BSD(gethostname);
int getpagesize(void) WASOCK_BSD(getpagesize);
int getdtablesize(void) WASOCK_BSD(getdtablesize);
char *getlogin(void) WASOCK_BSD(getlogin);
long sysconf(int name) WASOCK_BSD(sysconf);
long fpathconf(int fd, int name) WASOCK_BSD(fpathconf);
long pathconf(const char *path, int name) WASOCK_BSD(pathconf);
char *get_current_dir_name(void) WASOCK_BSD(get_current_dir_name);

#ifdef __cplusplus
}
#endif

#endif
