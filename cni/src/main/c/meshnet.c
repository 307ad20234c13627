/*
 * The plugin as a runtime executes it: CNI_* environment and standard input go to the daemon, its answer comes out.
 *
 * One HTTP/1.1 request over the daemon's Unix socket; the wire is described in io/meshnet/cni/package-info.java. Equal in
 * behaviour to the portable form, io.meshnet.cni.front.Front, to the letter of its errors: the same tests hold both to it.
 *
 * Configuration: MESHNET_SOCKET, the daemon's Unix socket, and MESHNET_TIMEOUT, the seconds (1 to 86400) until the call is
 * given up. Standard output carries the result or the error and nothing else; the exit status is 0 or 1.
 *
 * A daemon in a container cannot make mounts that outlive it. When it asks for a network namespace, this process makes one, mounts
 * it at the path that the daemon names, and repeats the call.
 *
 * One thread and one call: what the call is about stands in a few variables, and an error ends the process where it is found.
 * Nothing is allocated: the limits are the sizes of the buffers, whose pages cost nothing until they are touched.
 */
#define _GNU_SOURCE /* environ, O_PATH */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/meshnet/meshnetd.sock"
#define DEFAULT_SECONDS "120"
#define MOST_SECONDS 86400
#define LARGEST_INPUT (16 << 20)
#define LARGEST_BODY (64 << 20)
#define LARGEST_HEAD (8 << 20) /* Linux gives a process less than 6 MiB of environment: execve(2) */
#define LARGEST_MESSAGE (1 << 20)
#define LONGEST_LINE (64 << 10)
#define LONGEST_EXCERPT ((size_t)200)
#define DEEPEST 1000
#define LOCK_INTERVAL 5 /* milliseconds between two attempts to lock a file */
#define NSFS 0x6e736673 /* NSFS_MAGIC of linux/magic.h */
#define PRECONDITION_REQUIRED 428

/* What VERSION is answered with while there is no daemon to ask. */
#define VERSIONS \
    "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" \
    "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}"

/* Error codes of the CNI specification. */
enum code { INVALID_ENVIRONMENT = 4, IO_FAILURE = 5, TRY_AGAIN_LATER = 11, NOT_AVAILABLE = 50 };

/* Bytes that become more. */
struct buffer {
    char *bytes;
    size_t room, length;
};

#define BUFFER(name, size) \
    static char name##_bytes[size]; \
    static struct buffer name = {name##_bytes, sizeof name##_bytes, 0}

BUFFER(input, LARGEST_INPUT + 1); /* the one more shows that there are too many */
BUFFER(request, LARGEST_HEAD);
BUFFER(body, LARGEST_BODY);
BUFFER(message, LARGEST_MESSAGE);
BUFFER(json, 6 * LARGEST_MESSAGE + 300); /* a message with every byte escaped, and what surrounds it */

/* What is read from the head of an answer (RFC 9112). */
struct head {
    int status;
    bool is_chunked, has_length;
    uint64_t length;
};

static const char *command, *socket_path;
static const char *stage = "reading the standard input";
static long seconds;
static int64_t deadline; /* milliseconds of CLOCK_MONOTONIC */
static int connection;

/* The path at which the answer that was read last asks for a network namespace; NULL if it asks for none. */
static const char *wanted_netns;

/* Appends formatted text, cut off where the room ends. */
__attribute__((format(printf, 2, 3))) static void print(struct buffer *buffer, const char *format, ...)
{
    size_t room = buffer->room - buffer->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer->bytes + buffer->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        buffer->length += (size_t)length < room ? (size_t)length : room - 1;
}

static bool is_passing(int error)
{
    return error == EINTR || error == EAGAIN;
}

/* Prints what the runtime is to read, all of it, and exits. */
static _Noreturn void finish(const struct buffer *result, int status)
{
    for (size_t written = 0; written < result->length;) {
        ssize_t count = write(STDOUT_FILENO, result->bytes + written, result->length - written);
        if (count >= 0) {
            written += (size_t)count;
        } else if (is_passing(errno)) {
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        } else {
            fprintf(stderr, "cannot write the result: %s\n", strerror(errno));
            exit(EXIT_FAILURE);
        }
    }
    exit(status);
}

/* The UTF-8 character at *at, which moves behind it; U+FFFD for what is none, as many of them as Java's String has. */
static uint32_t decode(const char **at, const char *end)
{
    const uint32_t replacement = 0xfffd;
    unsigned char lead = (unsigned char)*(*at)++;
    if (lead < 0x80)
        return lead;
    if (lead < 0xc2 || lead > 0xf4)
        return replacement;
    int rest = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t c = lead & (0x3fU >> rest);
    /* the second byte must not make an overlong form, nor a character beyond U+10FFFF */
    unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char most = lead == 0xf4 ? 0x8f : 0xbf;
    for (; rest > 0; rest--, least = 0x80, most = 0xbf) {
        unsigned char next = *at < end ? (unsigned char)**at : 0;
        if (next < least || next > most)
            return replacement;
        c = c << 6 | (next & 0x3f);
        (*at)++;
    }
    return c >= 0xd800 && c <= 0xdfff ? replacement : c;
}

/* What to do about an error of that code. */
static const char *advice(enum code code)
{
    switch (code) {
    case INVALID_ENVIRONMENT:
        return "see what the runtime gives to the plugin: CNI_ variables of printable ASCII, and MESHNET_TIMEOUT";
    case IO_FAILURE:
        return "see what the runtime gives to the plugin as standard input: the network configuration, and its end";
    default:
        return "see that meshnetd runs on this node, and that MESHNET_SOCKET, where it is set, is the same for both";
    }
}

/* Ends the call with a CNI error: the message, and what to do. In the JSON, characters outside printable ASCII are escaped. */
static _Noreturn void fail(enum code code, const char *details)
{
    print(&json, "{\"cniVersion\":\"1.1.0\",\"code\":%d,\"msg\":\"", (int)code);
    for (const char *at = message.bytes, *end = at + message.length; at < end;) {
        uint32_t c = decode(&at, end);
        if (c > 0xffff)
            print(&json, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
        else if (c < ' ' || c > '~')
            print(&json, "\\u%04x", c);
        else
            print(&json, c == '"' || c == '\\' ? "\\%c" : "%c", (int)c);
    }
    print(&json, "\",\"details\":\"%s\"}", details);
    finish(&json, EXIT_FAILURE);
}

#define FAIL(code, ...) (print(&message, __VA_ARGS__), fail(code, advice(code)))

/*
 * Ends the call that the daemon did not answer, with the message; but VERSION has a result of its own, and STATUS asks whether
 * there is a daemon to answer.
 */
static _Noreturn void fail_unanswered(void)
{
    if (strcmp(command, "VERSION") != 0)
        fail(strcmp(command, "STATUS") == 0 ? NOT_AVAILABLE : TRY_AGAIN_LATER, advice(TRY_AGAIN_LATER));
    fprintf(stderr, "%.*s\n", (int)message.length, message.bytes);
    print(&json, VERSIONS);
    finish(&json, EXIT_SUCCESS);
}

#define UNANSWERED(format, ...) (print(&message, "meshnetd at %s: " format, socket_path, __VA_ARGS__), fail_unanswered())

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* The milliseconds that are left, at least 1. Gives the call up when there are none. */
static int time_left(void)
{
    int64_t left = deadline - now();
    if (left <= 0)
        UNANSWERED("gave up after %ld s of %s", seconds, stage);
    return (int)left;
}

/* Waits until a read or write would not block. An error of poll is left to the read or write to find. */
static void await(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    int ready;
    do {
        ready = poll(&wanted, 1, time_left());
    } while (ready == 0 || (ready < 0 && errno == EINTR));
}

/* An environment variable; the fallback also when it is set to nothing. */
static const char *variable(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? fallback : value;
}

static void start_clock(const char *text)
{
    char *end;
    seconds = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[*text == '+']) || *end != '\0' || seconds < 1 || seconds > MOST_SECONDS)
        FAIL(INVALID_ENVIRONMENT, "MESHNET_TIMEOUT must be a number of seconds from 1 to 86400: \"%s\"", text);
    deadline = now() + seconds * 1000;
}

static void read_input(void)
{
    ssize_t count;
    do {
        await(STDIN_FILENO, POLLIN);
        count = read(STDIN_FILENO, input.bytes + input.length, input.room - input.length);
        if (count < 0 && !is_passing(errno))
            FAIL(IO_FAILURE, "cannot read the standard input: %s", strerror(errno));
        input.length += count > 0 ? (size_t)count : 0;
        if (input.length > LARGEST_INPUT)
            FAIL(IO_FAILURE, "the standard input has more than 16 MiB");
    } while (count != 0);
}

/* Why no header can carry a variable as it is, above all for a line break, which would begin another header; or NULL. */
static const char *complaint(const char *name, size_t length, const char *value)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] != '_' && !isalnum((unsigned char)name[i]))
            return "is no name of a variable that can be passed on";
    for (const char *c = value; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return "has a character that is not printable ASCII";
    return value[0] == ' ' || (value[0] != '\0' && value[strlen(value) - 1] == ' ') ? "begins or ends with a space" : NULL;
}

/* Whether an earlier entry of the environment has the same name: that one counts, as to getenv(3). */
static bool is_repeated(char **entry, size_t name_length)
{
    for (char **earlier = environ; earlier < entry; earlier++)
        if (strncmp(*earlier, *entry, name_length + 1) == 0)
            return true;
    return false;
}

static void make_request(void)
{
    print(&request, "POST /cni HTTP/1.1\r\nHost: meshnetd\r\nConnection: close\r\n");
    print(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", input.length);
    for (char **entry = environ; *entry != NULL; entry++) {
        size_t length = strcspn(*entry, "=");
        if (strncmp(*entry, "CNI_", 4) != 0 || (*entry)[length] == '\0' || is_repeated(entry, length))
            continue;
        const char *value = *entry + length + 1, *why = complaint(*entry, length, value);
        if (why != NULL)
            FAIL(INVALID_ENVIRONMENT, "%.*s %s", (int)length, *entry, why);
        print(&request, "%.*s: %s\r\n", (int)length, *entry, value);
    }
    print(&request, "\r\n");
}

static void connect_to_daemon(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(socket_path);
    if (length > sizeof address.sun_path - 2) /* the longest that the daemon's JVM binds */
        UNANSWERED("cannot connect: %s", "Unix domain path too long");
    memcpy(address.sun_path, socket_path, length);
    connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0)
        UNANSWERED("no Unix socket: %s", strerror(errno));
    int connected;
    do {
        /* poll(2) cannot wait for room in a full backlog; connect itself can, and says EAGAIN when it has waited so long */
        int left = time_left();
        struct timeval longest = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
        connected = connect(connection, (const struct sockaddr *)&address, sizeof address);
    } while (connected < 0 && is_passing(errno));
    if (connected < 0)
        UNANSWERED("cannot connect: %s", strerror(errno));
}

/* Sends all of it. A daemon may answer and close before it has read everything: whether a failure is one, its answer tells. */
static void send_all(const struct buffer *bytes)
{
    for (size_t sent = 0; sent < bytes->length;) {
        await(connection, POLLOUT);
        ssize_t count = send(connection, bytes->bytes + sent, bytes->length - sent, MSG_DONTWAIT);
        if (count >= 0)
            sent += (size_t)count;
        else if (!is_passing(errno))
            return;
    }
}

/* What the daemon has answered and nobody has taken yet. */
static char arrived[8192];
static size_t arrived_next, arrived_end;

/* Ends the call for an answer that is none. */
static _Noreturn void refuse(const char *why)
{
    UNANSWERED("%s", why);
}

/* Whether there is another byte. A connection that breaks, as one with a part of the request unread does, has ended. */
static bool fill(void)
{
    while (arrived_next == arrived_end) {
        await(connection, POLLIN);
        ssize_t count = recv(connection, arrived, sizeof arrived, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && !is_passing(errno)))
            return false;
        arrived_next = 0;
        arrived_end = count > 0 ? (size_t)count : 0;
    }
    return true;
}

static void require_more(void)
{
    if (!fill())
        refuse("it closed the connection before its answer was complete");
}

/* The next line without its end. Good until the next call. */
static char *next_line(void)
{
    static char line[LONGEST_LINE + 1];
    for (size_t length = 0;; length++) {
        require_more();
        char c = arrived[arrived_next++];
        if (c == '\n') {
            line[length > 0 && line[length - 1] == '\r' ? length - 1 : length] = '\0';
            return line;
        }
        if (c == '\0')
            refuse("its answer is no HTTP: a line with a NUL");
        if (length == LONGEST_LINE)
            refuse("its answer is no HTTP: a line is too long");
        line[length] = c;
    }
}

/* Moves what has arrived to the body, but not more than so much. Returns how much it was. */
static size_t take(uint64_t most)
{
    size_t count = arrived_end - arrived_next;
    if (count > most)
        count = (size_t)most;
    if (count > body.room - body.length)
        refuse("its answer has more than 64 MiB");
    memcpy(body.bytes + body.length, arrived + arrived_next, count);
    body.length += count;
    arrived_next += count;
    return count;
}

static void take_exactly(uint64_t count)
{
    while (count > 0) {
        require_more();
        count -= take(count);
    }
}

/* The text without control characters and spaces at its ends. */
static char *trimmed(char *text)
{
    while (*text != '\0' && (unsigned char)*text <= ' ')
        text++;
    for (size_t length = strlen(text); length > 0 && (unsigned char)text[length - 1] <= ' '; length--)
        text[length - 1] = '\0';
    return text;
}

static uint64_t number(const char *text, int base, const char *refusal)
{
    size_t length = strspn(text, base == 16 ? "0123456789abcdefABCDEF" : "0123456789");
    if (length == 0 || length > 15 || text[length] != '\0')
        refuse(refusal);
    return strtoull(text, NULL, base);
}

static int status_in(char *line)
{
    if (strlen(line) < 12 || strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' || (line[12] != ' ' && line[12] != '\0'))
        refuse("its answer is no HTTP");
    line[12] = '\0';
    uint64_t status = number(line + 9, 10, "its answer is no HTTP: status");
    if (status < 100)
        refuse("its answer is no HTTP");
    return (int)status;
}

static struct head read_head(void)
{
    static char netns[LONGEST_LINE + 1];
    struct head head = {.status = status_in(next_line())};
    wanted_netns = NULL;
    for (char *line = next_line(); *line != '\0'; line = next_line()) {
        char *colon = strchr(line, ':');
        if (colon == NULL || colon == line)
            refuse("its answer is no HTTP: a header without a colon");
        *colon = '\0';
        char *value = trimmed(colon + 1);
        if (strcasecmp(line, "Content-Length") == 0) {
            head.length = number(value, 10, "its answer is no HTTP: Content-Length");
            head.has_length = true;
        } else if (strcasecmp(line, "Transfer-Encoding") == 0) {
            head.is_chunked = strcasecmp(value, "chunked") == 0;
        } else if (head.status == PRECONDITION_REQUIRED && strcasecmp(line, "Meshnet-Netns") == 0) {
            wanted_netns = strcpy(netns, value); /* no line is longer */
        }
    }
    return head;
}

static uint64_t next_chunk_size(void)
{
    char *line = next_line();
    line[strcspn(line, ";")] = '\0';
    return number(trimmed(line), 16, "its answer is no HTTP: chunk size");
}

static void read_chunks(void)
{
    for (uint64_t size = next_chunk_size(); size > 0; size = next_chunk_size()) {
        take_exactly(size);
        if (*next_line() != '\0')
            refuse("its answer is no HTTP: a chunk longer than its size");
    }
    while (*next_line() != '\0')
        continue; /* a trailer, which says nothing here */
}

/* Reads one answer and no further than its end. Returns its status. */
static int read_answer(void)
{
    struct head head;
    do {
        head = read_head();
    } while (head.status < 200); /* the answer proper is yet to come */
    if (head.status == 204 || head.status == 304)
        return head.status;
    if (head.is_chunked)
        read_chunks();
    else if (head.has_length)
        take_exactly(head.length);
    else
        while (fill())
            take(UINT64_MAX);
    return head.status;
}

/*
 * Whether the text is one JSON object: begins and ends with its braces, all brackets match and all strings end. What stands
 * between them is not looked at.
 */
static bool is_object(const struct buffer *text)
{
    char open[DEEPEST];
    size_t depth = 0;
    bool in_string = false, ended = false;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->bytes[i];
        if (in_string) {
            in_string = c != '"';
            i += c == '\\'; /* what is escaped ends nothing */
        } else if (depth == 0 && c != '{') {
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
                return false;
        } else if (ended || (depth == DEEPEST && (c == '{' || c == '['))) {
            return false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            open[depth++] = c;
        } else if (c == '}' || c == ']') {
            /* in ASCII, both closing brackets stand two after their opening ones */
            if (open[--depth] != c - 2)
                return false;
            ended = depth == 0;
        }
    }
    return ended && !in_string;
}

/* Refuses an answer that a runtime could not read: an error must say which, and ADD and VERSION must have a result. */
static void require_readable(int status)
{
    bool required = status != 200 || strcmp(command, "ADD") == 0 || strcmp(command, "VERSION") == 0;
    if ((body.length == 0 && !required) || is_object(&body))
        return;
    char excerpt[LONGEST_EXCERPT + 1] = "";
    memcpy(excerpt, body.bytes, body.length < LONGEST_EXCERPT ? body.length : LONGEST_EXCERPT);
    UNANSWERED("it answered %d with no JSON object: %s", status, trimmed(excerpt));
}

/* Sends the call to the daemon and reads its answer. Returns the status of the answer. */
static int ask_daemon(void)
{
    stage = "waiting for its answer";
    arrived_next = arrived_end = body.length = 0;
    connect_to_daemon();
    send_all(&request);
    send_all(&input);
    int status = read_answer();
    close(connection);
    return status;
}

/* Why the front refuses the path, whatever file is there; NULL if it does not. */
static const char *netns_complaint(const char *path)
{
    size_t length = strlen(path);
    if (path[0] != '/')
        return "is not absolute";
    for (const char *c = path; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return "has a character that is not printable ASCII";
    if (length >= PATH_MAX)
        return "is longer than 4095 bytes";
    if (strstr(path, "..") != NULL)
        return "contains \"..\"";
    return path[length - 1] == '/' ? "ends with a slash" : NULL;
}

/* Ends the call because there is no network namespace for it. */
static _Noreturn void fail_making(const char *why)
{
    print(&message, "cannot make a network namespace at %s: %s", wanted_netns, why);
    fail(IO_FAILURE,
        "see that the runtime executes meshnet as root with CAP_SYS_ADMIN, and that the path, which meshnetd derives from"
        " MESHNET_STATE, is in a directory that can be written to");
}

/* Whether a namespace is mounted at the wanted path. Ends the call if a mount would hide something. */
static bool is_mounted(void)
{
    struct stat file;
    struct statfs file_system;
    if (lstat(wanted_netns, &file) < 0) {
        if (errno == ENOENT)
            return false;
        fail_making(strerror(errno));
    }
    if (S_ISLNK(file.st_mode))
        fail_making("it is a symbolic link");
    if (!S_ISREG(file.st_mode))
        fail_making(S_ISDIR(file.st_mode) ? "it is a directory" : "it is not a regular file");
    if (statfs(wanted_netns, &file_system) < 0)
        fail_making(strerror(errno));
    if (file_system.f_type == NSFS)
        return true;
    if (file.st_size > 0)
        fail_making("it is a file that is not empty");
    return false;
}

/*
 * Waits until no other front makes the namespace. This lock of the open file description conflicts with the POSIX lock that the
 * Java front takes; one of flock(2) would not.
 */
static void lock(int file)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(file, F_OFD_SETLK, &whole) < 0) {
        if (!is_passing(errno) && errno != EACCES)
            fail_making(strerror(errno));
        int left = time_left();
        poll(NULL, 0, left < LOCK_INTERVAL ? left : LOCK_INTERVAL);
    }
}

/*
 * Moves this process to a new network namespace and mounts that over the file. The descriptor names the file, since the path may
 * lead to another one by now. The process reaches the daemon's socket, which has a path, from any network namespace.
 */
static void mount_new_netns(int file)
{
    char target[32];
    snprintf(target, sizeof target, "/proc/self/fd/%d", file);
    if (unshare(CLONE_NEWNET) < 0 || mount("/proc/self/ns/net", target, NULL, MS_BIND, NULL) < 0)
        fail_making(strerror(errno));
}

/* Makes sure that a network namespace is mounted where the daemon wants it. */
static void make_netns(void)
{
    stage = "making the network namespace that it asks for";
    const char *why = netns_complaint(wanted_netns);
    if (why != NULL)
        UNANSWERED("it asks for a network namespace at a path that %s: %s", why, wanted_netns);
    if (is_mounted())
        return;
    int file = open(wanted_netns, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file < 0) {
        int error = errno;
        /* the kernel refuses to open a namespace for writing: another front may have mounted it just now */
        if (is_mounted())
            return;
        fail_making(strerror(error));
    }
    lock(file);
    if (!is_mounted())
        mount_new_netns(file);
    close(file);
}

int main(void)
{
    /* Takes the numbers of standard descriptors that are closed, lest the socket become one: O_PATH is not read or written. */
    for (int fd = 0; fd >= 0 && fd <= STDERR_FILENO;)
        fd = open("/", O_PATH | O_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    command = variable("CNI_COMMAND", "");
    socket_path = variable("MESHNET_SOCKET", DEFAULT_SOCKET);
    start_clock(variable("MESHNET_TIMEOUT", DEFAULT_SECONDS));
    read_input();
    make_request();
    int status = ask_daemon();
    if (wanted_netns != NULL) {
        make_netns();
        status = ask_daemon();
    }
    if (wanted_netns != NULL)
        UNANSWERED("it asks again for the network namespace at %s, which is mounted on the node: its container has to see the"
                   " node's mounts there (mountPropagation: HostToContainer)", wanted_netns);
    require_readable(status);
    finish(&body, status == 200 ? EXIT_SUCCESS : EXIT_FAILURE);
}
