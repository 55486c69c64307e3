// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Process 1 of the guest. It prepares the system, loads the modules named in
 * /etc/modules, runs /command with its output on the port sono.out, and then
 * reports: the kernel log on sono.kmsg, and on sono.verdict the command's
 * status, the kernel's taint and the token from /etc/token. The token is the
 * last thing written, so a guest that crashed or hung before has no verdict.
 * Only tests/vm/run, which made the initramfs, reads these. What /last leaves
 * running, where there is one, the machine restarts under.
 *
 * A kernel with kmemleak is asked for leaks, before and after the module went;
 * the lines that one with gcov counted leave by the port sono.gcov.
 *
 * Whatever goes wrong here ends process 1, which panics the guest: no token.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int kmsg = -1;

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	char line[512] = "<5>sono-vm: ";
	size_t used = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + used, sizeof(line) - used - 1, fmt, args);
	va_end(args);
	/* Without it the record is open, and not read, until the next one. */
	strcat(line, "\n");
	if (write(kmsg, line, strlen(line)) < 0)
		return;
}

static void __attribute__((noreturn)) give_up(const char *what, const char *which)
{
	note("%s %s: %s", what, which, strerror(errno));
	exit(1);
}

static int mount_at(const char *type, const char *source, const char *dir,
		    const char *options)
{
	mkdir(dir, 0755);
	return mount(source, dir, type, 0, options);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *dir, *options;
		int needed;
	} mounts[] = {
		{ "proc", "/proc", NULL, 1 },
		{ "sysfs", "/sys", NULL, 1 },
		{ "tmpfs", "/tmp", "mode=1777", 1 },
		{ "tmpfs", "/run", NULL, 1 },
		{ "tmpfs", "/dev/shm", "mode=1777", 1 },
		{ "devpts", "/dev/pts", NULL, 0 },
		{ "debugfs", "/sys/kernel/debug", NULL, 0 },
		{ "tracefs", "/sys/kernel/tracing", NULL, 0 },
		{ "configfs", "/sys/kernel/config", NULL, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (mount_at(mounts[i].type, mounts[i].type, mounts[i].dir,
			     mounts[i].options) && mounts[i].needed)
			give_up("mount", mounts[i].dir);
}

/* In a guest that is to sleep, with lines as they are written. */
static int open_serial(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t))
		give_up("open", path);
	cfmakeraw(&t);
	if (tcsetattr(fd, TCSANOW, &t))
		give_up("set", path);
	return fd;
}

/* Returns the open port with this name; ports appear a little after boot. */
static int open_virtio(const char *name)
{
	static const char class[] = "/sys/class/virtio-ports";
	char path[512], found[64];
	struct dirent *entry;
	int tries, fd;
	FILE *file;
	DIR *dir;

	for (tries = 0; tries < 500; tries++, usleep(20 * 1000)) {
		dir = opendir(class);
		while (dir && (entry = readdir(dir))) {
			snprintf(path, sizeof(path), "%s/%s/name", class,
				 entry->d_name);
			file = fopen(path, "r");
			if (!file)
				continue;
			if (!fgets(found, sizeof(found), file))
				found[0] = '\0';
			fclose(file);
			found[strcspn(found, "\n")] = '\0';
			if (strcmp(found, name))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
			if (fd < 0)
				give_up("open", path);
			closedir(dir);
			return fd;
		}
		if (dir)
			closedir(dir);
	}
	errno = ENODEV;
	give_up("find port", name);
}

/* A virtio port by its name, or what stands for it. */
static int open_port(const char *virtio, const char *serial)
{
	return access("/etc/serial", F_OK) ? open_virtio(virtio) :
					     open_serial(serial);
}

static void write_all(int fd, const char *data, size_t bytes)
{
	ssize_t done;

	for (; bytes; data += done, bytes -= (size_t)done) {
		done = write(fd, data, bytes);
		if (done < 0)
			give_up("write", "port");
	}
}

/* Each line of /etc/modules is a path and, after a space, parameters. */
static void load_modules(void)
{
	FILE *list = fopen("/etc/modules", "r");
	char line[512];
	char *options;
	int fd;

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		options = strchr(line, ' ');
		if (options)
			*options++ = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			give_up("open", line);
		if (syscall(SYS_finit_module, fd, options ? options : "", 0) &&
		    errno != EEXIST)
			give_up("load", line);
		close(fd);
	}
	if (list)
		fclose(list);
}

/* Each line of /etc/shares is a 9p tag and "ro" or "rw". */
static void mount_shares(void)
{
	FILE *list = fopen("/etc/shares", "r");
	char tag[32], mode[4], dir[40];
	unsigned long flags;

	while (list && fscanf(list, "%31s %3s", tag, mode) == 2) {
		snprintf(dir, sizeof(dir), "/%s", tag);
		mkdir(dir, 0755);
		flags = strcmp(mode, "ro") ? 0 : MS_RDONLY;
		if (mount(tag, dir, "9p", flags,
			  "trans=virtio,version=9p2000.L,msize=512000"))
			give_up("mount share", tag);
	}
	if (list)
		fclose(list);
}

/* Runs a script; orphans that it leaves are reaped meanwhile. */
static int run_script(char *script, int out)
{
	char *const argv[] = { "/bin/sh", script, NULL };
	static char *const envp[] = { "PATH=/bin:/sbin:/usr/bin", "HOME=/tmp",
				      "LANG=C.UTF-8", NULL };
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t pid, ended;
	int status;

	pid = fork();
	if (pid < 0)
		give_up("fork", argv[1]);
	if (!pid) {
		setsid();
		setrlimit(RLIMIT_MEMLOCK, &unlimited);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execve(argv[0], argv, envp);
		_exit(127);
	}
	do {
		ended = wait(&status);
	} while (ended != pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Processes that outlive the command exit now, while the log is still read. */
static void end_all(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	sync();
}

/*
 * The files have no size before they are read: copied first, then packed. A line
 * takes no bytes but text.
 */
static void copy_gcov(int verdict)
{
	bool serial = !access("/etc/serial", F_OK);
	int to = verdict;

	if (access("/sys/kernel/debug/gcov/src", F_OK))
		return;
	if (!serial)
		to = open_virtio("sono.gcov");
	setenv("PACK", serial ? "base64" : "cat", 1);
	if (dup2(to, STDOUT_FILENO) < 0 ||
	    system("mkdir /tmp/gcov && cd /tmp/gcov && "
		   "(cd /sys/kernel/debug/gcov/src && find . -name '*.gcda') |"
		   "while read -r f; do mkdir -p ${f%/*} && "
		   "cat /sys/kernel/debug/gcov/src/$f >$f; done && "
		   "tar -cf - . | $PACK && echo"))
		give_up("copy", "gcov");
}

static bool leaks_put(const char *command)
{
	int fd = open("/sys/kernel/debug/kmemleak", O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, command, strlen(command)) > 0;
	close(fd);
	return done;
}

/*
 * What is not five seconds old is not reported, and what a scan finds must be
 * found by the next one: it may have been on its way between two places.
 */
static void find_leaks(void)
{
	char line[256];
	FILE *found;

	/* It turns itself off where it lacks memory. */
	if (!leaks_put("scan"))
		note("WARNING: kmemleak is off: %s", strerror(errno));
	sleep(6);
	leaks_put("scan");
	found = fopen("/sys/kernel/debug/kmemleak", "re");
	while (found && fgets(line, sizeof(line), found)) {
		line[strcspn(line, "\n")] = '\0';
		note("%s", line);
	}
	if (found)
		fclose(found);
	leaks_put("clear");
}

/* Nothing holds it any more; what it leaves behind is lost. */
static void remove_module(void)
{
	if (syscall(SYS_delete_module, "sono", O_NONBLOCK) && errno != ENOENT)
		note("WARNING: sono cannot be removed: %s", strerror(errno));
}

static void copy_log(int to)
{
	int from = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	ssize_t bytes;

	if (from < 0)
		give_up("open", "/dev/kmsg");
	for (;;) {
		bytes = read(from, record, sizeof(record));
		if (bytes < 0 && errno == EPIPE)
			write_all(to, "LOST: the log was overwritten\n", 30);
		else if (bytes <= 0)
			break;
		else
			write_all(to, record, (size_t)bytes);
	}
	close(from);
}

static void read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "r");

	if (!file || !fgets(line, size, file))
		give_up("read", path);
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static void report(int verdict, int status)
{
	char text[256], taint[32], token[64];

	read_line("/proc/sys/kernel/tainted", taint, sizeof(taint));
	read_line("/etc/token", token, sizeof(token));
	snprintf(text, sizeof(text), "status %d\ntaint %s\ntoken %s\n", status,
		 taint, token);
	write_all(verdict, text, strlen(text));
}

int main(void)
{
	int out, log, verdict, status;

	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	mount_all();
	out = open_port("sono.out", "/dev/ttyS1");
	log = open_port("sono.kmsg", "/dev/ttyS2");
	verdict = open_port("sono.verdict", "/dev/ttyS3");
	load_modules();
	mount_shares();

	note("command begins");
	status = run_script("/command", out);
	end_all();
	note("command ended with status %d", status);
	if (!access("/sys/kernel/debug/kmemleak", F_OK)) {
		find_leaks();
		remove_module();
		find_leaks();
	}
	copy_gcov(verdict);

	copy_log(log);
	report(verdict, status);
	if (!access("/last", F_OK)) {
		load_modules();	/* again what was removed for its leaks */
		run_script("/last", out);
	}
	/* Shuts the devices down, too; what that logs is on the console. */
	reboot(RB_AUTOBOOT);
	return 1;
}
