/* A server: what it holds, its memory, and what happens when it would end its process. */

#include <raft.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EFFECTS_BYTES (64u << 20)
#define ADDRESS_BYTES 24

enum effect {
    EFFECT_TERM = 1,
    EFFECT_VOTE,
    EFFECT_APPEND,
    EFFECT_TRUNCATE,
    EFFECT_SEND,
    EFFECT_APPLY,
    EFFECT_ANSWER,
    EFFECT_SNAPSHOT_PUT,
    EFFECT_SNAPSHOT_GET,
    EFFECT_RESTORE,
};

/* What a call returns below zero. */
enum failure {
    FAILURE_SIGNAL = -1,    /* SIGSEGV, SIGABRT and the like: ``failure`` says which. */
    FAILURE_ASSERTION = -2, /* ``failure`` is its text. */
    FAILURE_OVERFLOW = -3,  /* More effects than there is space for. */
    FAILURE_MESSAGE = -4,   /* Bytes that are no message. */
    FAILURE_BROKEN = -5,    /* libraft did what its documentation excludes: ``failure``. */
};

unsigned char effects[EFFECTS_BYTES];
char failure[512];

/* -- Memory: each server owns what libraft allocates for it, and loses it all at once, as a process
   does. It is handed out as zeros: libraft leaves gaps in what it encodes, and a run must not depend
   on what lay there before. ---------------------------------------------------------------------- */

struct block
{
    struct block *next, *previous;
};

struct pending
{
    struct pending *next;
    void *request;
    void (*callback)(void);
};

struct queue
{
    struct pending *first, **last;
};

struct server
{
    struct raft raft;
    struct raft_io io;
    struct raft_fsm fsm;
    struct block blocks;
    raft_time now;
    uint64_t random;
    raft_index next_index;       /* Of the next entry that libraft appends. */
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    struct queue sent;           /* Messages whose sending is to be acknowledged. */
    struct queue appends;        /* Writes under way, the oldest first. */
    struct raft_io_snapshot_put *put;
    raft_io_snapshot_put_cb put_callback;
    struct queue gets;
    const unsigned char *loaded; /* What the disk holds, while the server starts. */
    size_t loaded_bytes;
};

static struct server *current;
static size_t used;
static sigjmp_buf way_out;

static void *take(void *data, size_t size)
{
    struct block *block = calloc(1, sizeof *block + (size ? size : 1));
    (void)data;
    if (block == NULL) {
        return NULL;
    }
    block->next = current->blocks.next;
    block->previous = &current->blocks;
    block->next->previous = block;
    current->blocks.next = block;
    return block + 1;
}

static void give_back(void *data, void *pointer)
{
    struct block *block = (struct block *)pointer - 1;
    (void)data;
    if (pointer != NULL) {
        block->next->previous = block->previous;
        block->previous->next = block->next;
        free(block);
    }
}

static void *take_zeroed(void *data, size_t count, size_t size)
{
    return take(data, count * size);
}

static void *resize(void *data, void *pointer, size_t size)
{
    struct block *block, *moved;
    if (pointer == NULL) {
        return take(data, size);
    }
    block = (struct block *)pointer - 1;
    moved = realloc(block, sizeof *block + (size ? size : 1));
    if (moved == NULL) {
        return NULL;
    }
    moved->next->previous = moved;
    moved->previous->next = moved;
    return moved + 1;
}

static void *take_aligned(void *data, size_t alignment, size_t size)
{
    (void)alignment; /* Only the uv backend asks for more than malloc gives. */
    return take(data, size);
}

static void give_back_aligned(void *data, size_t alignment, void *pointer)
{
    (void)alignment;
    give_back(data, pointer);
}

static struct raft_heap heap = {
    NULL, take, give_back, take_zeroed, resize, take_aligned, give_back_aligned,
};

/* -- The end of a process, without the end of ours ------------------------------------------------ */

static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
#define SIGNALS_COUNT (sizeof SIGNALS / sizeof SIGNALS[0])
static struct sigaction before[SIGNALS_COUNT];

static void leave(enum failure why)
{
    siglongjmp(way_out, -(int)why);
}

static void on_signal(int number)
{
    strcpy(failure, strsignal(number));
    leave(FAILURE_SIGNAL);
}

/* In the place of libc's, where libraft was built with assertions. */
void __assert_fail(const char *text, const char *file, unsigned line, const char *function)
{
    snprintf(failure, sizeof failure, "%s:%u: %s: assertion %s", file, line, function, text);
    leave(FAILURE_ASSERTION);
    abort();
}

static void broken(const char *text)
{
    snprintf(failure, sizeof failure, "%s", text);
    leave(FAILURE_BROKEN);
}

static void enter(struct server *server, raft_time now)
{
    struct sigaction action;
    size_t i;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_NODEFER;
    for (i = 0; i < SIGNALS_COUNT; i++) {
        sigaction(SIGNALS[i], &action, &before[i]);
    }
    current = server;
    server->now = now;
    used = 0;
}

static void restore_signals(void)
{
    size_t i;
    for (i = 0; i < SIGNALS_COUNT; i++) {
        sigaction(SIGNALS[i], &before[i], NULL);
    }
    current = NULL;
}
