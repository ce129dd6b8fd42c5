/* Effects, messages, entries and configurations as bytes. */

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
