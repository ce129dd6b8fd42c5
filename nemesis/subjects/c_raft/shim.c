/* C-Raft (libraft) as a function: inputs in, effects out. It has no socket, file, thread, clock.

   Each call below is one thing that happens to one server: a message, a tick, a command, the end of
   a write. What libraft asks of its raft_io meanwhile is not done but written down, in its order,
   as effects; who calls does it: makes term, vote and entries durable, sends, applies, answers.
   Nothing of a call leaves the server before the caller has made durable what precedes it, so the
   contract of raft_io holds: set_term and set_vote are durable before what follows them is seen by
   anyone; append, send and snapshot_put are asynchronous, and are completed by later calls.

   An effect is a 32 bit kind, a 32 bit length, and so many bytes; all numbers are little-endian. */

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
    int kind;
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
    struct raft_transfer *transfer;
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

/* -- Bytes ----------------------------------------------------------------------------------------- */

static void put(const void *bytes, size_t count)
{
    if (used + count > EFFECTS_BYTES) {
        leave(FAILURE_OVERFLOW);
    }
    if (count) {
        memcpy(effects + used, bytes, count);
    }
    used += count;
}

static void put32(uint32_t value)
{
    put(&value, sizeof value);
}

static void put64(uint64_t value)
{
    put(&value, sizeof value);
}

/* Begin an effect; returns where its length goes. */
static size_t begin(enum effect kind)
{
    put32(kind);
    put32(0);
    return used - 4;
}

static void end(size_t place)
{
    uint32_t length = (uint32_t)(used - place - 4);
    memcpy(effects + place, &length, sizeof length);
}

struct reader
{
    const unsigned char *at, *end;
};

static const unsigned char *get(struct reader *reader, size_t count)
{
    const unsigned char *at = reader->at;
    if ((size_t)(reader->end - at) < count) {
        leave(FAILURE_MESSAGE);
    }
    reader->at += count;
    return at;
}

static uint32_t get32(struct reader *reader)
{
    uint32_t value;
    memcpy(&value, get(reader, sizeof value), sizeof value);
    return value;
}

static uint64_t get64(struct reader *reader)
{
    uint64_t value;
    memcpy(&value, get(reader, sizeof value), sizeof value);
    return value;
}

static void address_of(raft_id id, char address[ADDRESS_BYTES])
{
    snprintf(address, ADDRESS_BYTES, "n%llu", id);
}

static void put_entries(const struct raft_entry entries[], unsigned count)
{
    unsigned i;
    put32(count);
    for (i = 0; i < count; i++) {
        put64(entries[i].term);
        put32(entries[i].type);
        put32((uint32_t)entries[i].buf.len);
        put(entries[i].buf.base, entries[i].buf.len);
    }
}

/* The entries belong to libraft, with one batch of memory for all their data. */
static struct raft_entry *get_entries(struct reader *reader, unsigned *count)
{
    struct raft_entry *entries;
    unsigned char *batch;
    size_t size = 0;
    unsigned i;
    *count = get32(reader);
    if (*count == 0) {
        return NULL;
    }
    entries = raft_calloc(*count, sizeof *entries);
    for (i = 0; i < *count; i++) {
        entries[i].term = get64(reader);
        entries[i].type = (unsigned short)get32(reader);
        entries[i].buf.len = get32(reader);
        entries[i].buf.base = (void *)get(reader, entries[i].buf.len);
        size += entries[i].buf.len;
    }
    batch = raft_malloc(size);
    for (i = 0, size = 0; i < *count; i++) {
        if (entries[i].buf.len) {
            memcpy(batch + size, entries[i].buf.base, entries[i].buf.len);
        }
        entries[i].buf.base = batch + size;
        entries[i].batch = batch;
        size += entries[i].buf.len;
    }
    return entries;
}

static void put_configuration(const struct raft_configuration *configuration)
{
    unsigned i;
    put32(configuration->n);
    for (i = 0; i < configuration->n; i++) {
        put64(configuration->servers[i].id);
        put32((uint32_t)configuration->servers[i].role);
    }
}

static void get_configuration(struct reader *reader, struct raft_configuration *configuration)
{
    char address[ADDRESS_BYTES];
    unsigned i, count = get32(reader);
    raft_configuration_init(configuration);
    for (i = 0; i < count; i++) {
        raft_id id = get64(reader);
        int role = (int)get32(reader);
        address_of(id, address);
        if (raft_configuration_add(configuration, id, address, role) != 0) {
            leave(FAILURE_MESSAGE);
        }
    }
}

static void put_message(raft_id source, const struct raft_message *message)
{
    put64(source);
    put32(message->type);
    switch (message->type) {
        case RAFT_IO_REQUEST_VOTE: {
            const struct raft_request_vote *vote = &message->request_vote;
            put64(vote->term);
            put64(vote->candidate_id);
            put64(vote->last_log_index);
            put64(vote->last_log_term);
            put32(vote->disrupt_leader);
            put32(vote->pre_vote);
            break;
        }
        case RAFT_IO_REQUEST_VOTE_RESULT: {
            const struct raft_request_vote_result *result = &message->request_vote_result;
            put64(result->term);
            put32(result->vote_granted);
            put32(result->pre_vote);
            break;
        }
        case RAFT_IO_APPEND_ENTRIES: {
            const struct raft_append_entries *append = &message->append_entries;
            put64(append->term);
            put64(append->prev_log_index);
            put64(append->prev_log_term);
            put64(append->leader_commit);
            put_entries(append->entries, append->n_entries);
            break;
        }
        case RAFT_IO_APPEND_ENTRIES_RESULT: {
            const struct raft_append_entries_result *result = &message->append_entries_result;
            put64(result->term);
            put64(result->rejected);
            put64(result->last_log_index);
            break;
        }
        case RAFT_IO_INSTALL_SNAPSHOT: {
            const struct raft_install_snapshot *snapshot = &message->install_snapshot;
            put64(snapshot->term);
            put64(snapshot->last_index);
            put64(snapshot->last_term);
            put64(snapshot->conf_index);
            put_configuration(&snapshot->conf);
            put32((uint32_t)snapshot->data.len);
            put(snapshot->data.base, snapshot->data.len);
            break;
        }
        case RAFT_IO_TIMEOUT_NOW: {
            const struct raft_timeout_now *timeout = &message->timeout_now;
            put64(timeout->term);
            put64(timeout->last_log_index);
            put64(timeout->last_log_term);
            break;
        }
        default:
            broken("a message of a type that raft.h does not name");
    }
}

static void get_message(struct reader *reader, struct raft_message *message)
{
    message->server_id = get64(reader);
    message->type = (unsigned short)get32(reader);
    switch (message->type) {
        case RAFT_IO_REQUEST_VOTE: {
            struct raft_request_vote *vote = &message->request_vote;
            vote->term = get64(reader);
            vote->candidate_id = get64(reader);
            vote->last_log_index = get64(reader);
            vote->last_log_term = get64(reader);
            vote->disrupt_leader = get32(reader) != 0;
            vote->pre_vote = get32(reader) != 0;
            break;
        }
        case RAFT_IO_REQUEST_VOTE_RESULT: {
            struct raft_request_vote_result *result = &message->request_vote_result;
            result->term = get64(reader);
            result->vote_granted = get32(reader) != 0;
            result->pre_vote = (raft_tribool)get32(reader);
            break;
        }
        case RAFT_IO_APPEND_ENTRIES: {
            struct raft_append_entries *append = &message->append_entries;
            append->term = get64(reader);
            append->prev_log_index = get64(reader);
            append->prev_log_term = get64(reader);
            append->leader_commit = get64(reader);
            append->entries = get_entries(reader, &append->n_entries);
            break;
        }
        case RAFT_IO_APPEND_ENTRIES_RESULT: {
            struct raft_append_entries_result *result = &message->append_entries_result;
            result->term = get64(reader);
            result->rejected = get64(reader);
            result->last_log_index = get64(reader);
            break;
        }
        case RAFT_IO_INSTALL_SNAPSHOT: {
            struct raft_install_snapshot *snapshot = &message->install_snapshot;
            snapshot->term = get64(reader);
            snapshot->last_index = get64(reader);
            snapshot->last_term = get64(reader);
            snapshot->conf_index = get64(reader);
            get_configuration(reader, &snapshot->conf);
            snapshot->data.len = get32(reader);
            snapshot->data.base = raft_malloc(snapshot->data.len);
            memcpy(snapshot->data.base, get(reader, snapshot->data.len), snapshot->data.len);
            break;
        }
        case RAFT_IO_TIMEOUT_NOW: {
            struct raft_timeout_now *timeout = &message->timeout_now;
            timeout->term = get64(reader);
            timeout->last_log_index = get64(reader);
            timeout->last_log_term = get64(reader);
            break;
        }
        default:
            leave(FAILURE_MESSAGE);
    }
}

/* -- What is under way ----------------------------------------------------------------------------- */

static void push(struct queue *queue, void *request, void (*callback)(void))
{
    struct pending *pending = raft_malloc(sizeof *pending);
    pending->next = NULL;
    pending->request = request;
    pending->callback = callback;
    *queue->last = pending;
    queue->last = &pending->next;
}

static struct pending pop(struct queue *queue)
{
    struct pending *pending = queue->first;
    struct pending result;
    if (pending == NULL) {
        broken("nothing of that kind is under way");
    }
    result = *pending;
    queue->first = pending->next;
    if (queue->first == NULL) {
        queue->last = &queue->first;
    }
    raft_free(pending);
    return result;
}

/* -- raft_io --------------------------------------------------------------------------------------- */

static struct server *of(struct raft_io *io)
{
    return io->impl;
}

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    (void)io;
    (void)id;
    (void)address;
    return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb callback)
{
    (void)io;
    (void)callback;
    broken("raft_io.close was called: a server only crashes here");
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct server *server = of(io);
    struct reader reader = {server->loaded, server->loaded + server->loaded_bytes};
    unsigned count;
    *term = get64(&reader);
    *voted_for = get64(&reader);
    *start_index = get64(&reader);
    *snapshot = NULL;
    if (get32(&reader)) {
        struct raft_snapshot *found = raft_calloc(1, sizeof *found);
        found->index = get64(&reader);
        found->term = get64(&reader);
        found->configuration_index = get64(&reader);
        get_configuration(&reader, &found->configuration);
        found->n_bufs = 1;
        found->bufs = raft_calloc(1, sizeof *found->bufs);
        found->bufs[0].len = get32(&reader);
        found->bufs[0].base = raft_malloc(found->bufs[0].len);
        memcpy(found->bufs[0].base, get(&reader, found->bufs[0].len), found->bufs[0].len);
        *snapshot = found;
    }
    *entries = get_entries(&reader, &count);
    *n_entries = count;
    server->next_index = *start_index + count;
    return 0;
}

static int io_start(struct raft_io *io, unsigned milliseconds, raft_io_tick_cb tick,
                    raft_io_recv_cb receive)
{
    struct server *server = of(io);
    (void)milliseconds; /* The heartbeat time-out, which the caller has chosen. */
    server->tick = tick;
    server->receive = receive;
    return 0;
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *configuration)
{
    (void)io;
    (void)configuration;
    broken("raft_io.bootstrap was called: the caller writes the first entry");
    return RAFT_IOERR;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    size_t place = begin(EFFECT_TERM);
    (void)io;
    put64(term);
    end(place);
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    size_t place = begin(EFFECT_VOTE);
    (void)io;
    put64(id);
    end(place);
    return 0;
}

static int io_send(struct raft_io *io, struct raft_io_send *request,
                   const struct raft_message *message, raft_io_send_cb callback)
{
    struct server *server = of(io);
    size_t place = begin(EFFECT_SEND);
    put64(message->server_id);
    put_message(server->raft.id, message);
    end(place);
    push(&server->sent, request, (void (*)(void))callback);
    return 0;
}

static int io_append(struct raft_io *io, struct raft_io_append *request,
                     const struct raft_entry entries[], unsigned count, raft_io_append_cb callback)
{
    struct server *server = of(io);
    size_t place = begin(EFFECT_APPEND);
    put64(server->next_index);
    put_entries(entries, count);
    end(place);
    server->next_index += count;
    push(&server->appends, request, (void (*)(void))callback);
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    size_t place = begin(EFFECT_TRUNCATE);
    put64(index);
    end(place);
    of(io)->next_index = index;
    return 0;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *request,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb callback)
{
    struct server *server = of(io);
    size_t place = begin(EFFECT_SNAPSHOT_PUT);
    unsigned i;
    size_t size = 0;
    if (server->put != NULL) {
        broken("a second raft_io.snapshot_put before the first is done");
    }
    put32(trailing);
    put64(snapshot->index);
    put64(snapshot->term);
    put64(snapshot->configuration_index);
    put_configuration(&snapshot->configuration);
    for (i = 0; i < snapshot->n_bufs; i++) {
        size += snapshot->bufs[i].len;
    }
    put32((uint32_t)size);
    for (i = 0; i < snapshot->n_bufs; i++) {
        put(snapshot->bufs[i].base, snapshot->bufs[i].len);
    }
    end(place);
    if (trailing == 0) {
        server->next_index = snapshot->index + 1;
    }
    server->put = request;
    server->put_callback = callback;
    return 0;
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *request,
                           raft_io_snapshot_get_cb callback)
{
    end(begin(EFFECT_SNAPSHOT_GET));
    push(&of(io)->gets, request, (void (*)(void))callback);
    return 0;
}

static raft_time io_time(struct raft_io *io)
{
    return of(io)->now;
}

/* splitmix64, as in the public domain. */
static int io_random(struct raft_io *io, int least, int most)
{
    struct server *server = of(io);
    uint64_t value = server->random += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    value ^= value >> 31;
    return least + (int)(value % (uint64_t)(most > least ? most - least : 1));
}

/* -- raft_fsm -------------------------------------------------------------------------------------- */

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result)
{
    struct server *server = fsm->data;
    const struct raft_log *log = &server->raft.log;
    raft_index index = server->raft.last_applied + 1;
    const struct raft_entry *entry;
    size_t place;
    *result = NULL;
    if (index <= log->offset || log->size == 0) {
        broken("raft_fsm.apply of an entry that the log does not hold");
    }
    entry = &log->entries[(log->front + (index - log->offset - 1)) % log->size];
    if (entry->buf.base != buffer->base) {
        broken("raft_fsm.apply of another entry than the one after last_applied");
    }
    place = begin(EFFECT_APPLY);
    put64(index);
    put64(entry->term);
    put(buffer->base, buffer->len);
    end(place);
    return 0;
}

/* The caller knows the state, as it has been told of everything applied so far: an empty buffer
   stands for it. */
static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count)
{
    (void)fsm;
    *buffers = raft_calloc(1, sizeof **buffers);
    (*buffers)[0].base = raft_malloc(1);
    (*buffers)[0].len = 0;
    *count = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer)
{
    size_t place = begin(EFFECT_RESTORE);
    (void)fsm;
    put(buffer->base, buffer->len);
    end(place);
    raft_free(buffer->base);
    return 0;
}

/* -- Calls ----------------------------------------------------------------------------------------- */

/* What has been sent is on its way; whether it arrives nobody knows. */
static void acknowledge_sent(struct server *server)
{
    while (server->sent.first != NULL) {
        struct pending pending = pop(&server->sent);
        ((raft_io_send_cb)pending.callback)(pending.request, 0);
    }
}

static raft_term last_term(const struct raft_log *log)
{
    if (log->front == log->back || log->size == 0) {
        return log->snapshot.last_term;
    }
    return log->entries[(log->back + log->size - 1) % log->size].term;
}

static raft_index last_index(const struct raft_log *log)
{
    size_t count = log->front <= log->back ? log->back - log->front : log->size - log->front + log->back;
    return count || log->offset > log->snapshot.last_index ? log->offset + count
                                                          : log->snapshot.last_index;
}

/* How the server stands, after the effects. */
static void put_standing(struct server *server)
{
    struct raft *raft = &server->raft;
    uint64_t leader = 0, votes = 0, is_pre_candidate = 0;
    unsigned i, voters = 0;
    if (raft->state == RAFT_FOLLOWER) {
        leader = raft->follower_state.current_leader.id;
    } else if (raft->state == RAFT_LEADER) {
        leader = raft->id;
    } else if (raft->state == RAFT_CANDIDATE) {
        is_pre_candidate = raft->candidate_state.in_pre_vote;
        for (i = 0; i < raft->configuration.n; i++) {
            voters += raft->configuration.servers[i].role == RAFT_VOTER;
        }
        for (i = 0; i < voters; i++) {
            votes += raft->candidate_state.votes[i];
        }
    }
    put64(raft->state);
    put64(is_pre_candidate);
    put64(raft->current_term);
    put64(raft->voted_for);
    put64(last_index(&raft->log));
    put64(last_term(&raft->log));
    put64(raft->commit_index);
    put64(raft->last_applied);
    put64(leader);
    put64(votes);
    put64(raft->configuration_index);
    put64(raft->configuration_uncommitted_index);
    put64(raft->log.offset);
}

/* Runs DO for the server; the value is how many bytes of effects there are, the standing last, or
   one of the failures. */
#define CALL(SERVER, NOW, DO)                  \
    do {                                       \
        int way = sigsetjmp(way_out, 0);       \
        if (way == 0) {                        \
            enter(SERVER, NOW);                \
            DO;                                \
            acknowledge_sent(SERVER);          \
            put_standing(SERVER);              \
        }                                      \
        restore_signals();                     \
        return way == 0 ? (int64_t)used : -way; \
    } while (0)

struct server *server_new(raft_id id, uint64_t seed, unsigned election, unsigned heartbeat,
                          int pre_vote, unsigned threshold, unsigned trailing)
{
    struct server *server = calloc(1, sizeof *server);
    char address[ADDRESS_BYTES];
    if (server == NULL) {
        return NULL;
    }
    raft_heap_set(&heap);
    server->blocks.next = server->blocks.previous = &server->blocks;
    server->sent.last = &server->sent.first;
    server->appends.last = &server->appends.first;
    server->gets.last = &server->gets.first;
    server->random = seed;
    server->io = (struct raft_io){
        .version = 1,
        .impl = server,
        .init = io_init,
        .close = io_close,
        .load = io_load,
        .start = io_start,
        .bootstrap = io_bootstrap,
        .recover = io_bootstrap,
        .set_term = io_set_term,
        .set_vote = io_set_vote,
        .send = io_send,
        .append = io_append,
        .truncate = io_truncate,
        .snapshot_put = io_snapshot_put,
        .snapshot_get = io_snapshot_get,
        .time = io_time,
        .random = io_random,
    };
    server->fsm = (struct raft_fsm){
        .version = 1,
        .data = server,
        .apply = fsm_apply,
        .snapshot = fsm_snapshot,
        .restore = fsm_restore,
    };
    address_of(id, address);
    current = server;
    if (raft_init(&server->raft, &server->io, &server->fsm, id, address) != 0) {
        free(server);
        return NULL;
    }
    raft_set_election_timeout(&server->raft, election);
    raft_set_heartbeat_timeout(&server->raft, heartbeat);
    /* Half a minute, unless it is set: a lost message would keep a follower back for so long. */
    raft_set_install_snapshot_timeout(&server->raft, election);
    raft_set_pre_vote(&server->raft, pre_vote != 0);
    raft_set_snapshot_threshold(&server->raft, threshold);
    raft_set_snapshot_trailing(&server->raft, trailing);
    current = NULL;
    return server;
}

/* The process is gone. */
void server_free(struct server *server)
{
    struct block *block = server->blocks.next;
    while (block != &server->blocks) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(server);
}

static void check(struct server *server, int status)
{
    if (status != 0) {
        snprintf(failure, sizeof failure, "%s: %s", raft_strerror(status),
                 raft_errmsg(&server->raft));
        leave(FAILURE_BROKEN);
    }
}

/* Start on what the disk holds: term, vote, index of the first entry, a snapshot or none, entries. */
int64_t server_start(struct server *server, raft_time now, const unsigned char *loaded, size_t count)
{
    server->loaded = loaded;
    server->loaded_bytes = count;
    CALL(server, now, check(server, raft_start(&server->raft)));
}

int64_t server_tick(struct server *server, raft_time now)
{
    CALL(server, now, server->tick(&server->io));
}

static void receive(struct server *server, const unsigned char *bytes, size_t count)
{
    struct reader reader = {bytes, bytes + count};
    struct raft_message message;
    char address[ADDRESS_BYTES];
    memset(&message, 0, sizeof message);
    get_message(&reader, &message);
    address_of(message.server_id, address);
    message.server_address = address;
    server->receive(&server->io, &message);
}

int64_t server_receive(struct server *server, raft_time now, const unsigned char *bytes, size_t count)
{
    CALL(server, now, receive(server, bytes, count));
}

static void answer(uint64_t token, int status)
{
    size_t place = begin(EFFECT_ANSWER);
    put64(token);
    put64((uint64_t)status);
    end(place);
}

static void on_applied(struct raft_apply *request, int status, void *result)
{
    (void)result;
    answer((uint64_t)(uintptr_t)request->data, status);
    raft_free(request);
}

static void apply(struct server *server, uint64_t token, const unsigned char *bytes, size_t count)
{
    struct raft_apply *request = raft_calloc(1, sizeof *request);
    struct raft_buffer buffer = {raft_malloc(count), count};
    int status;
    memcpy(buffer.base, bytes, count);
    request->data = (void *)(uintptr_t)token;
    status = raft_apply(&server->raft, request, &buffer, 1, on_applied);
    if (status != 0) {
        raft_free(buffer.base);
        on_applied(request, -status, NULL);
    }
}

/* Propose a command. The answer with this token: 0 once it is applied here, an error of raft.h if
   that is not to be, less than 0 if it was refused at once. */
int64_t server_apply(struct server *server, raft_time now, uint64_t token, const unsigned char *bytes,
                     size_t count)
{
    CALL(server, now, apply(server, token, bytes, count));
}

static void on_barrier(struct raft_barrier *request, int status)
{
    answer((uint64_t)(uintptr_t)request->data, status);
    raft_free(request);
}

static void barrier(struct server *server, uint64_t token)
{
    struct raft_barrier *request = raft_calloc(1, sizeof *request);
    int status;
    request->data = (void *)(uintptr_t)token;
    status = raft_barrier(&server->raft, request, on_barrier);
    if (status != 0) {
        on_barrier(request, -status);
    }
}

int64_t server_barrier(struct server *server, raft_time now, uint64_t token)
{
    CALL(server, now, barrier(server, token));
}

static void on_transferred(struct raft_transfer *request)
{
    answer((uint64_t)(uintptr_t)request->data, 0);
    raft_free(request);
}

static void transfer(struct server *server, uint64_t token, raft_id id)
{
    struct raft_transfer *request = raft_calloc(1, sizeof *request);
    int status;
    request->data = (void *)(uintptr_t)token;
    status = raft_transfer(&server->raft, request, id, on_transferred);
    if (status != 0) {
        answer(token, -status);
        raft_free(request);
    }
}

int64_t server_transfer(struct server *server, raft_time now, uint64_t token, raft_id id)
{
    CALL(server, now, transfer(server, token, id));
}

static void appended(struct server *server, int status)
{
    struct pending pending = pop(&server->appends);
    ((raft_io_append_cb)pending.callback)(pending.request, status);
}

/* The oldest write of entries that is under way has ended. */
int64_t server_appended(struct server *server, raft_time now, int status)
{
    CALL(server, now, appended(server, status));
}

static void snapshot_stored(struct server *server, int status)
{
    struct raft_io_snapshot_put *request = server->put;
    if (request == NULL) {
        broken("no snapshot is being stored");
    }
    server->put = NULL;
    server->put_callback(request, status);
}

int64_t server_snapshot_stored(struct server *server, raft_time now, int status)
{
    CALL(server, now, snapshot_stored(server, status));
}

static void snapshot_loaded(struct server *server, const unsigned char *bytes, size_t count)
{
    struct pending pending = pop(&server->gets);
    struct reader reader = {bytes, bytes + count};
    struct raft_snapshot *found = raft_calloc(1, sizeof *found);
    found->index = get64(&reader);
    found->term = get64(&reader);
    found->configuration_index = get64(&reader);
    get_configuration(&reader, &found->configuration);
    found->n_bufs = 1;
    found->bufs = raft_calloc(1, sizeof *found->bufs);
    found->bufs[0].len = get32(&reader);
    found->bufs[0].base = raft_malloc(found->bufs[0].len);
    memcpy(found->bufs[0].base, get(&reader, found->bufs[0].len), found->bufs[0].len);
    ((raft_io_snapshot_get_cb)pending.callback)(pending.request, found, 0);
}

/* The newest snapshot on the disk, for the oldest request of one. */
int64_t server_snapshot_loaded(struct server *server, raft_time now, const unsigned char *bytes,
                               size_t count)
{
    CALL(server, now, snapshot_loaded(server, bytes, count));
}

/* The first entry of every log: the configuration of these voters, encoded as libraft does. */
int64_t first_configuration(struct server *server, const uint64_t *ids, unsigned count)
{
    int way = sigsetjmp(way_out, 0);
    if (way == 0) {
        struct raft_configuration configuration;
        struct raft_buffer buffer;
        char address[ADDRESS_BYTES];
        unsigned i;
        enter(server, 0);
        raft_configuration_init(&configuration);
        for (i = 0; i < count; i++) {
            address_of(ids[i], address);
            check(server, raft_configuration_add(&configuration, ids[i], address, RAFT_VOTER));
        }
        check(server, raft_configuration_encode(&configuration, &buffer));
        put(buffer.base, buffer.len);
        raft_free(buffer.base);
        raft_configuration_close(&configuration);
    }
    restore_signals();
    return way == 0 ? (int64_t)used : -way;
}

/* The configuration in effect: of each server its id and its role. */
int64_t server_configuration(struct server *server)
{
    used = 0;
    put_configuration(&server->raft.configuration);
    return (int64_t)used;
}

/* What libraft says of its last error. */
const char *server_error(struct server *server)
{
    return raft_errmsg(&server->raft);
}

/* For tests: do what a bug in C would do. */
int64_t server_fail(struct server *server, int how)
{
    CALL(server, 0, how == 0 ? (void)(*(volatile int *)NULL = 0) : abort());
}
