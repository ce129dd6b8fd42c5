/* C-Raft (libraft) as a function: inputs in, effects out. It has no socket, file, thread, clock.

   Each call below is one thing that happens to one server: a message, a tick, a command, the end of
   a write. What libraft asks of its raft_io meanwhile is not done but written down, in its order,
   as effects; who calls does it: makes term, vote and entries durable, sends, applies, answers.
   Nothing of a call leaves the server before the caller has made durable what precedes it, so the
   contract of raft_io holds: set_term and set_vote are durable before what follows them is seen by
   anyone; append, send and snapshot_put are asynchronous, and are completed by later calls.

   An effect is a 32 bit kind, a 32 bit length, and so many bytes; all numbers are little-endian. */

#include "server.h"

#include "bytes.h"

#include "interfaces.h"

/* What has been sent is on its way; whether it arrives nobody knows. */
static void acknowledge_sent(struct server *server)
{
    while (server->sent.first != NULL) {
        struct pending pending = pop(&server->sent);
        if (pending.callback != NULL) {
            ((raft_io_send_cb)pending.callback)(pending.request, 0);
        }
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

/* How many there are. */
int servers = 0;

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
    servers++;
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
    servers--;
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
