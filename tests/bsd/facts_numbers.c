/* SPDX-License-Identifier: MIT */
/* facts_numbers - flags, constants and headers that programs of Linux name, and
 * what comes of them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <limits.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

/* What programs assert, or sort switch statements by. */
static void constants(void)
{
    const int flags[] = {O_CREAT,     O_EXCL,     O_NOCTTY,  O_TRUNC,  O_APPEND,
                         O_ASYNC,     O_NONBLOCK, O_DSYNC,   O_DIRECT, O_PATH,
                         O_DIRECTORY, O_NOFOLLOW, O_NOATIME, O_CLOEXEC};
    const int n_flags = (int)(sizeof(flags) / sizeof(flags[0]));
    int all = 0;

    for (int i = 0; i < n_flags; i++) {
        FACT(flags[i] > 0 && (flags[i] & all) == 0);
        all |= flags[i];
    }
    FACT(O_RDONLY == 0 && O_WRONLY == 1 && O_RDWR == 2 && O_ACCMODE == 3);
    FACT((all & O_ACCMODE) == 0 && O_NONBLOCK == O_NDELAY);
    FACT(SOCK_NONBLOCK == O_NONBLOCK && SOCK_CLOEXEC == O_CLOEXEC);
    FACT(SOCK_STREAM == 1 && SOCK_DGRAM == 2 && SOCK_RAW == 3 && SOCK_RDM == 4);
    FACT(SOL_SOCKET == 1 && SOL_IP == 0 && SOL_TCP == 6 && SOL_IPV6 == 41);
    FACT(F_GETLK == 5 && F_SETLK == 6 && F_SETLKW == 7 && F_DUPFD == 0);
    FACT(PIPE_BUF == 4096 && SEEK_DATA == 3 && SEEK_HOLE == 4);
    FACT(MSG_ERRQUEUE == 0x2000 && IPPROTO_UDPLITE == 136);
    FACT(SO_PEERCRED == 17 && SO_SNDBUFFORCE == 32);
    FACT(RLIMIT_SIGPENDING == 11 && PF_PACKET == AF_PACKET);
    FACT(FIONREAD != FIONBIO && FIONREAD != TIOCGWINSZ);
    FACT(_IO('w', 3) == 0x7703 && _IOR('w', 3, int) == 0x80047703);
    FACT(_IOW(0x94, 9, int) == 0x40049409);
    FACT(_IOWR('w', 1, char[5]) == 0xC0057701);
#ifdef __unix__
    FACT(__unix__ == 1);
#else
    FACT(!"__unix__ is defined");
#endif
}

/* What the flags of open do, of which Linux ignores those it does not know. */
static void open_flags(const char *path, const char *folder)
{
    char byte = 0;
    int fd = open(path, O_CREAT, 0600);

    FACT(fd >= 0 && fcntl(fd, F_GETFD) == 0 && close(fd) == 0);
    fd = open(path, 0);
    FACT(fd >= 0 && read(fd, &byte, 1) == 0);
    FAILS(write(fd, "x", 1), EBADF);
    FACT(close(fd) == 0);
    fd = open(folder, O_DIRECTORY);
    FACT(fd >= 0);
    const int inside = openat(fd, "file", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    FACT(inside >= 0 && fcntl(inside, F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(inside, F_GETFL) & O_NONBLOCK);
    FACT(close(inside) == 0 && close(fd) == 0);
    fd = open(path, O_RDWR | O_NOCTTY | O_ASYNC | O_LARGEFILE | 0x40000000);
    FACT(fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0);
    fd = open(path, O_WRONLY | O_APPEND | O_SYNC);
    FACT(fd >= 0 && write(fd, "more", 4) == 4);
    FACT(pwrite(fd, "!", 1, 0) == 1 && lseek(fd, 0, SEEK_END) == 9);
    FACT((fcntl(fd, F_GETFL) & O_SYNC) == O_SYNC && close(fd) == 0);
    fd = open(path, O_TRUNC);
    FACT(fd >= 0 && lseek(fd, 0, SEEK_END) == 0 && close(fd) == 0);
    fd = open(path, O_PATH);
    FAILS(read(fd, &byte, 1), EBADF);
    FAILS(write(fd, "x", 1), EBADF);
    FACT(fcntl(fd, F_GETFL) & O_PATH);
    FACT(close(fd) == 0);
    FAILS(open(path, O_DIRECTORY), ENOTDIR);
    FAILS(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    FAILS(open(folder, O_TMPFILE, 0600), EINVAL);
    fd = open("/dev/null", O_CLOEXEC);
    FACT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FACT(dup3(fd, fd + 1, O_CLOEXEC) == fd + 1);
    FACT(fcntl(fd + 1, F_GETFD) == FD_CLOEXEC && close(fd + 1) == 0);
    FAILS(dup3(fd, fd + 1, O_APPEND), EINVAL);
    FACT(close(fd) == 0);
}

static void pipe_sizes(void)
{
    int ends[2];

    FACT(pipe2(ends, O_CLOEXEC) == 0);
    FACT(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(ends[1], F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(ends[0], F_GETPIPE_SZ) == 65536);
    FACT(fcntl(ends[0], F_SETPIPE_SZ, 65536) == 65536);
    FACT(fpathconf(ends[0], _PC_PIPE_BUF) == PIPE_BUF);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FAILS(pipe2(ends, O_CREAT), EINVAL);
}

/* A PID file: two descriptions of one file exclude each other, also within a
 * process; record locks do not. */
static void whole_file_locks(const char *path)
{
    const int fd = open(path, O_RDWR);
    const int other = open(path, O_RDONLY);
    const int copy = dup(fd);

    FACT(flock(fd, LOCK_EX | LOCK_NB) == 0);
    FACT(flock(copy, LOCK_EX) == 0); /* the same description */
    FAILS(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    FACT(flock(fd, LOCK_SH) == 0);
    FACT(flock(other, LOCK_SH | LOCK_NB) == 0);
    FAILS(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    FACT(flock(other, LOCK_UN) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    FACT(close(fd) == 0);
    FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    FACT(close(copy) == 0); /* the last number, and the lock */
    FACT(flock(other, LOCK_EX | LOCK_NB) == 0);
    FAILS(flock(other, LOCK_SH | LOCK_EX), EINVAL);
    FACT(close(other) == 0);
    FAILS(flock(other, LOCK_EX), EBADF);
}

static void record_locks(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(path, O_RDWR);
    const int reader = open(path, O_RDONLY);

    FACT(fcntl(fd, F_SETLK, &lock) == 0 && fcntl(fd, F_SETLKW, &lock) == 0);
    FACT(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
    FACT(fcntl(fd, F_SETLK, &lock) == 0);
    FAILS(fcntl(fd, F_GETLK, &lock), EINVAL);
    lock.l_type = F_WRLCK;
    FAILS(fcntl(reader, F_SETLK, &lock), EBADF);
    lock.l_type = F_RDLCK;
    FACT(fcntl(reader, F_SETLK, &lock) == 0);
    lock.l_start = -1;
    FAILS(fcntl(fd, F_SETLK, &lock), EINVAL);
    lock.l_start = 0;
    lock.l_whence = 99;
    FAILS(fcntl(fd, F_SETLK, &lock), EINVAL);
    FACT(lockf(fd, F_TLOCK, 0) == 0 && lockf(fd, F_LOCK, 0) == 0);
    FACT(lockf(fd, F_TEST, 0) == 0 && lockf(fd, F_ULOCK, 0) == 0);
    FAILS(lockf(fd, 99, 0), EINVAL);
    FAILS(lockf(reader, F_TLOCK, 0), EBADF);
    FACT(close(fd) == 0 && close(reader) == 0);
}

/* Where a directory is open, one can go there. */
static void go_to_open_directories(const char *folder)
{
    char before[PATH_MAX];
    char current[PATH_MAX];
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    const int file = openat(fd, "file", O_RDONLY);

    FACT(getcwd(before, sizeof(before)) == before);
    FACT(fchdir(fd) == 0 && getcwd(current, sizeof(current)) == current);
    FACT(strcmp(current, folder) == 0);
    FAILS(fchdir(file), ENOTDIR);
    FAILS(fchdir(-1), EBADF);
    FACT(mkdirat(fd, "inner", 0755) == 0);
    const int inner = openat(fd, "inner", O_RDONLY | O_DIRECTORY);
    FACT(chdir("/") == 0 && fchdir(inner) == 0);
    FACT(getcwd(current, sizeof(current)) == current);
    FACT(strncmp(current, folder, strlen(folder)) == 0);
    FACT(strcmp(current + strlen(folder), "/inner") == 0);
    FACT(close(inner) == 0);
    fd = open(".", O_RDONLY);
    FACT(chdir("/") == 0 && fchdir(fd) == 0);
    FACT(chdir("..") == 0 && rmdir("inner") == 0);
#ifdef __wasm__ /* which knows its path alone; Linux goes there */
    FAILS(fchdir(fd), ENOENT);
#endif
    FACT(close(file) == 0 && close(fd) == 0 && chdir(before) == 0);
}

static void copies(const char *path)
{
    char bytes[64] = "";
    off_t offset = 4;
    off_t to_offset = 1;
    int ends[2];
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    FACT(write(fd, "hello, world", 12) == 12);
    FACT(pipe2(ends, O_NONBLOCK) == 0);
    FACT(sendfile(ends[1], fd, &offset, 100) == 8 && offset == 12);
    FACT(lseek(fd, 0, SEEK_CUR) == 12);
    FACT(read(ends[0], bytes, 64) == 8 && memcmp(bytes, "o, world", 8) == 0);
    FACT(lseek(fd, 2, SEEK_SET) == 2);
    FACT(sendfile(ends[1], fd, NULL, 3) == 3);
    FACT(lseek(fd, 0, SEEK_CUR) == 5 && read(ends[0], bytes, 64) == 3);
    FACT(sendfile(ends[1], fd, &offset, 1) == 0); /* at the end */
    FAILS(sendfile(ends[1], ends[0], NULL, 1), EINVAL);
    offset = -1;
    FAILS(sendfile(ends[1], fd, &offset, 1), EINVAL);
    FAILS(sendfile(-1, fd, NULL, 1), EBADF);
    offset = 7;
    FACT(copy_file_range(fd, &offset, fd, &to_offset, 5, 0) == 5);
    FACT(offset == 12 && to_offset == 6);
    FACT(pread(fd, bytes, 12, 0) == 12 &&
         memcmp(bytes, "hworld world", 12) == 0);
    FACT(lseek(fd, 0, SEEK_SET) == 0);
    FAILS(copy_file_range(fd, NULL, fd, NULL, 5, 0), EINVAL); /* they overlap */
    FAILS(copy_file_range(ends[0], NULL, fd, NULL, 5, 0), EINVAL);
    FACT(lseek(fd, 3, SEEK_DATA) == 3 && lseek(fd, 3, SEEK_HOLE) == 12);
    FAILS(lseek(fd, 12, SEEK_DATA), ENXIO);
    FACT(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* Several messages with one call, of a connection. */
static void many_messages(void)
{
    char out[] = "abcdef";
    char in[6] = "";
    struct iovec parts[2] = {{out, 2}, {out + 2, 4}};
    struct iovec rooms[2] = {{in, 2}, {in + 2, 4}};
    struct mmsghdr messages[2];
    int s[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < 2; i++) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    FACT(sendmmsg(s[0], messages, 2, 0) == 2);
    FACT(messages[0].msg_len == 2 && messages[1].msg_len == 4);
    for (int i = 0; i < 2; i++) {
        messages[i].msg_hdr.msg_iov = &rooms[i];
    }
    FACT(recvmmsg(s[1], messages, 2, MSG_DONTWAIT, NULL) == 2);
    FACT(messages[1].msg_len == 4 && memcmp(in, "abcdef", 6) == 0);
    FAILS(recvmmsg(s[1], messages, 2, MSG_DONTWAIT, NULL), EAGAIN);
    FACT(send(s[0], "x", 1, 0) == 1);
    FACT(recvmmsg(s[1], messages, 2, MSG_WAITFORONE, NULL) == 1);
    FAILS(sendmmsg(-1, messages, 2, 0), EBADF);
    FACT(close(s[0]) == 0 && close(s[1]) == 0);
}

static short polled(int fd)
{
    struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

/* Pairs that keep the borders of messages. */
static void messages(int type)
{
    const bool ends = type == SOCK_SEQPACKET;
    char in[16] = "";
    struct stat status;
    struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
    socklen_t length = sizeof(int);
    int value = 0;
    int s[2];

    FACT(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s) == 0);
    FACT(fcntl(s[0], F_GETFD) == FD_CLOEXEC);
    FACT(fstat(s[0], &status) == 0 && S_ISSOCK(status.st_mode));
    FACT(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &length) == 0);
    FACT(value == type && polled(s[1]) == POLLOUT);
    FAILS(recv(s[1], in, 16, 0), EAGAIN);
    FACT(send(s[0], "one", 3, 0) == 3 && writev(s[0], parts, 2) == 5);
    FACT(polled(s[1]) == (POLLIN | POLLOUT));
    FACT(ioctl(s[1], FIONREAD, &value) == 0 && value == (ends ? 8 : 3));
    FACT(recv(s[1], in, 2, MSG_PEEK) == 2 && recv(s[1], in, 16, 0) == 3);
    FACT(recv(s[1], in, 2, MSG_TRUNC) == 5 && memcmp(in, "ab", 2) == 0);
    FAILS(recv(s[1], in, 16, 0), EAGAIN); /* the rest has gone */
    FACT(send(s[0], "", 0, 0) == 0 && polled(s[1]) == (POLLIN | POLLOUT));
    FACT(recv(s[1], in, 16, 0) == 0 && polled(s[1]) == POLLOUT);
    FAILS(fcntl(s[0], F_GETPIPE_SZ), EBADF);
    FACT(send(s[1], "last", 4, 0) == 4 && close(s[1]) == 0);
    if (ends) {
        FACT(polled(s[0]) & POLLHUP);
        FACT(recv(s[0], in, 16, 0) == 4 && recv(s[0], in, 16, 0) == 0);
        FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    } else {
        FACT(polled(s[0]) == (POLLIN | POLLOUT));
        FACT(recv(s[0], in, 16, 0) == 4);
        FAILS(recv(s[0], in, 16, 0), EAGAIN);
        FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
    }
    FACT(close(s[0]) == 0);
}

static void answered_options(void)
{
    struct ucred peer = {0, 0, 0};
    struct tcp_info info;
    char name[16] = "";
    socklen_t length = sizeof(peer);
    int segment = 0;
    int s[2];
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    FACT(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
    FACT(length == sizeof(peer) && peer.pid == getpid());
    FACT(peer.uid == getuid() && peer.gid == getgid());
    length = sizeof(info);
    memset(&info, 0xff, sizeof(info));
    FACT(getsockopt(tcp, IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
    FACT(length > 0 && info.tcpi_state == TCP_CLOSE);
    length = sizeof(name);
    FACT(getsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name, &length) == 0);
    FACT(length > 0 && name[0] != '\0');
    FACT(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name,
                    (socklen_t)strlen(name)) == 0);
    FAILS(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, "no such one", 11),
          ENOENT);
    length = sizeof(segment);
    FACT(getsockopt(tcp, IPPROTO_TCP, TCP_MAXSEG, &segment, &length) == 0);
    FACT(segment == 536);
    FACT(close(s[0]) == 0 && close(s[1]) == 0 && close(tcp) == 0);
}

static void interfaces(void)
{
    struct ifreq request = {.ifr_name = "no such one"};
    struct ifconf found = {.ifc_len = 0};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int file = open("/dev/null", O_RDWR);

    FAILS(ioctl(fd, SIOCGIFFLAGS, &request), ENODEV);
    FAILS(ioctl(fd, SIOCGIFADDR, &request), ENODEV);
    FACT(ioctl(fd, SIOCGIFCONF, &found) == 0);
    FAILS(ioctl(file, SIOCGIFCONF, &found), ENOTTY);
    FAILS(ioctl(file, TIOCGWINSZ, &request), ENOTTY);
    FACT(close(fd) == 0 && close(file) == 0);
    struct if_nameindex *names = if_nameindex();
    FACT(names != NULL);
    if_freenameindex(names);
}

static void ethernet(void)
{
    struct ether_addr address;

    FACT(sizeof(struct ether_header) == 14 && sizeof(struct arphdr) == 8);
    FACT(sizeof(struct ether_arp) == 28 && ETHERTYPE_IPV6 == 0x86dd);
    FACT(ether_aton_r("0:1:a2:FF:10:7", &address) == &address);
    FACT(address.ether_addr_octet[3] == 0xff);
    FACT(strcmp(ether_ntoa(&address), "0:1:a2:ff:10:7") == 0);
    FACT(ether_aton("0:1:a2:ff:10") == NULL);
    FACT(RTF_GATEWAY == 2 && ARPHRD_LOOPBACK == 772);
}

static void terminals(void)
{
    struct termios settings;
    char name[64];
    const int null = open("/dev/null", O_RDWR);

    memset(&settings, 0, sizeof(settings));
    settings.c_iflag = ICRNL | IXON | IUTF8;
    settings.c_lflag = ECHO | ICANON | ECHOCTL | ECHOKE;
    cfmakeraw(&settings);
    FACT(settings.c_iflag == IUTF8 && settings.c_lflag == (ECHOCTL | ECHOKE));
    FACT((settings.c_cflag & CSIZE) == CS8 && settings.c_cc[VMIN] == 1);
    FACT(cfsetspeed(&settings, B115200) == 0);
    FACT(cfgetospeed(&settings) == B115200);
    FACT(cfgetispeed(&settings) == B115200);
    FACT(cfsetospeed(&settings, B9600) == 0);
    FACT(cfgetospeed(&settings) == B9600 && B0 == 0 && B9600 == 13);
    FAILS(tcgetattr(null, &settings), ENOTTY);
    FAILS(tcflush(null, TCIOFLUSH), ENOTTY);
    FAILS(tcgetattr(-1, &settings), EBADF);
    FACT(ttyname_r(null, name, sizeof(name)) == ENOTTY);
    FACT(ptsname_r(null, name, sizeof(name)) == ENOTTY);
    FACT(close(null) == 0);
}

static void system_calls(void)
{
    char name[16] = "";
    struct rlimit limit;
    cpu_set_t set;
    gid_t group = 0;
    volatile int n_groups = -1; /* which compilers warn of */
    uid_t ids[3] = {0};

    FACT(major(makedev(0x12345, 0x6789a)) == 0x12345);
    FACT(minor(makedev(0x12345, 0x6789a)) == 0x6789a);
    FACT(makedev(8, 1) == 0x801);
    FACT(prctl(PR_SET_NAME, "a name that is too long") == 0);
    FACT(prctl(PR_GET_NAME, name) == 0);
    FACT(strcmp(name, "a name that is ") == 0);
    FAILS(prctl(9999), EINVAL);
    FACT(prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur >= 256);
    FAILS(prlimit(0, (unsigned)9999, NULL, &limit), EINVAL);
    CPU_ZERO(&set);
    FACT(CPU_COUNT(&set) == 0);
    FACT(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0);
    FACT(sched_setaffinity(0, sizeof(set), &set) == 0);
    CPU_ZERO(&set);
    FAILS(sched_setaffinity(0, sizeof(set), &set), EINVAL);
    FACT(sched_get_priority_max(SCHED_FIFO) == 99);
    FACT(sched_get_priority_max(SCHED_OTHER) == 0);
    FACT(sched_getscheduler(0) == SCHED_OTHER && sched_getcpu() >= 0);
    FAILS(getgroups(n_groups, &group), EINVAL);
    FACT(getresuid(&ids[0], &ids[1], &ids[2]) == 0 && ids[1] == geteuid());
    FACT(gettid() == getpid());
}

static void hosts_by_name(void)
{
    char buffer[8192];
    struct hostent answer;
    struct hostent *found = NULL;
    int error = -1;

    FACT(gethostbyname_r("127.0.0.1", &answer, buffer, sizeof(buffer), &found,
                         &error) == 0);
    FACT(found == &answer && answer.h_length == 4);
    FACT(memcmp(answer.h_addr_list[0], "\177\0\0\1", 4) == 0);
    FACT(answer.h_addr_list[1] == NULL && answer.h_aliases[0] == NULL);
    FACT(gethostbyname_r("127.0.0.1", &answer, buffer, 8, &found, &error) ==
         ERANGE);
    FACT(found == NULL);
}

#ifdef __wasm__
/* What cannot be done fails, and says so. */
static void absences(void)
{
    struct statvfs status;
    struct statfs old_status;
    timer_t timer;

    FAILS(inotify_init1(IN_NONBLOCK), ENOSYS);
    FAILS(statvfs("/", &status), ENOSYS);
    FAILS(statfs("/", &old_status), ENOSYS);
    FAILS(ptrace(PTRACE_TRACEME, 0, 0, 0), ENOSYS);
    FAILS(timer_create(CLOCK_MONOTONIC, NULL, &timer), ENOSYS);
    FAILS(memfd_create("name", 0), ENOSYS);
    FACT(mremap(&timer, 4, 8, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOSYS);
    FAILS(syscall(SYS_gettid), ENOSYS);
}
#endif

void number_facts(void)
{
    char folder[] = "/tmp/wasock-numbers-XXXXXX";
    char path[PATH_MAX];

    FACT(mkdtemp(folder) == folder);
    snprintf(path, sizeof(path), "%s/file", folder);
    constants();
    open_flags(path, folder);
    pipe_sizes();
    whole_file_locks(path);
    record_locks(path);
    go_to_open_directories(folder);
    copies(path);
    many_messages();
    messages(SOCK_DGRAM);
    messages(SOCK_SEQPACKET);
    answered_options();
    interfaces();
    ethernet();
    terminals();
    system_calls();
    hosts_by_name();
#ifdef __wasm__
    absences();
#endif
    FACT(unlink(path) == 0 && rmdir(folder) == 0);
}
