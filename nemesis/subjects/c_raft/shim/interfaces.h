/* raft_io and raft_fsm, which libraft calls: whatever it asks for becomes an effect. */

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
