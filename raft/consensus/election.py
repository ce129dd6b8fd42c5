"""Leader election: section 5.2 and 5.4.1 of the paper, pre-vote and disruptions from the thesis."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from raft.consensus.entry import NodeId
from raft.consensus.messages import PreVote, PreVoteReply, RequestVote, RequestVoteReply
from raft.consensus.quorums import has_quorum
from raft.consensus.state import CANDIDATE, FOLLOWER, LEADER, PRE_CANDIDATE, ServerState


@mypyc_attr(allow_interpreted_subclasses=True)
class Election(ServerState):
    """The rules by which a leader is chosen."""

    votes: set[NodeId]

    # -- Rules for all servers ---------------------------------------------------------------

    def observe_term(self, term: int) -> None:
        """If a message contains term T > currentTerm: set currentTerm = T, become follower."""
        if term > self.current_term:
            self.set_term(term)
            self.become_follower(None)

    def become_follower(self, leader: NodeId | None) -> None:
        """Follow ``leader`` in the current term, or nobody yet."""
        if self.role == LEADER:
            self.step_down()
        self.set_role(FOLLOWER)
        self.leader = leader

    def step_down(self) -> None:
        """Give up what only a leader has; overridden where there is such state."""
        self.reset_election_timer()

    # -- Rules for followers and candidates --------------------------------------------------

    def adopt_configuration(self) -> None:
        """Who has a higher priority depends on who belongs to the cluster."""
        super().adopt_configuration()
        if self.settings.priorities:
            self.priority_delay = self.delay_for_priority()

    def delay_for_priority(self) -> int:
        """Let those voters whose priority is higher campaign first: one spread of the time-outs for
        each of them, in ns. The delay is bounded, so nothing depends on their being up."""
        settings = self.settings
        own = settings.priorities.get(self.node, 0)
        higher = sum(settings.priorities.get(peer, 0) > own for peer in self.configuration.voters)
        return higher * (settings.election_timeout_max - settings.election_timeout_min)

    def on_election_timeout(self) -> None:
        """No word from a leader for an election time-out: campaign, asking first (thesis, 9.6)."""
        self.leader = None
        if not self.may_campaign():
            self.reset_election_timer()
        elif self.settings.pre_vote:
            self.start_pre_vote()
        else:
            self.start_election()

    def may_campaign(self) -> bool:
        """Voters campaign; learners and servers outside their own configuration do not (etcd
        db54973), but for one case: who leaves by an entry that may still be lost is a voter until
        it is known to be committed. Nobody else may be electable then (thesis, 4.2.2)."""
        if self.configuration.is_voter(self.node):
            return True
        return self.commit_index < self.configuration_index and self.was_voter()

    def was_voter(self) -> bool:
        """Whether the configuration before the present one gives this server a vote."""
        previous = self._configurations[-2:-1]
        return any(configuration.is_voter(self.node) for _, configuration in previous)

    def start_pre_vote(self) -> None:
        """Ask whether an election could be won, so that a partitioned server raises no terms."""
        self.set_role(PRE_CANDIDATE)
        self.reset_election_timer()
        self.votes = {self.node}
        if self.has_quorum(self.votes):
            self.start_election()
            return
        log = self.log
        for peer in self.peers:
            self.outbox.append(
                PreVote(self.node, peer, self.current_term + 1, log.last_index, log.last_term)
            )

    def start_election(self, leadership_transfer: bool = False) -> None:
        """Increment currentTerm, vote for self, reset election timer, send RequestVote to all.

        Even the only voter leads no sooner than its vote is durable: if it were lost, the server
        could vote for another in the term that it has led.
        """
        self.set_term(self.current_term + 1)
        self.set_role(CANDIDATE)
        self.cast_vote(self.node)
        self.reset_election_timer()
        self.votes = {self.node}
        self.request_votes(leadership_transfer)

    def request_votes(self, leadership_transfer: bool) -> None:
        """Send RequestVote RPCs to all other servers."""
        log = self.log
        for peer in self.peers:
            self.outbox.append(
                RequestVote(
                    self.node,
                    peer,
                    self.current_term,
                    log.last_index,
                    log.last_term,
                    leadership_transfer,
                )
            )

    def become_leader_if_elected(self) -> None:
        """If votes received from majority of servers: become leader."""
        if self.has_quorum(self.votes) and self.counts_own_vote():
            self.become_leader()

    def counts_own_vote(self) -> bool:
        """A candidate's own vote counts as any other does, once it is durable: a synchronous driver
        has saved it before others can vote."""
        if not self.settings.asynchronous_storage:
            return True
        return (self.saved_term, self.saved_vote) == (self.current_term, self.node)

    def become_leader(self) -> None:
        """Take office; replication adds what a leader does first."""
        self.set_role(LEADER)
        self.leader = self.node

    def has_quorum(self, servers: set[NodeId]) -> bool:
        """Whether ``servers`` are a majority, or both that a joint configuration asks for."""
        return has_quorum(self.configuration, servers)

    # -- RequestVote, receiver ---------------------------------------------------------------

    def on_request_vote(self, message: RequestVote) -> None:
        """Grant the vote if term, vote and log allow it.

        Whoever asks: the candidate may be a member of a configuration that is not here yet
        (section 6), and a learner that is asked may be a voter without knowing it (etcd-io/raft
        has learners vote for that reason). Candidates count the votes of voters only.
        """
        if self.is_disruptive(message):
            return
        self.observe_term(message.term)
        granted = self.grants_vote(message)
        if granted:
            self.cast_vote(message.source)
            self.become_follower(None)
            self.reset_election_timer()
        self.outbox.append(RequestVoteReply(self.node, message.source, self.current_term, granted))

    def is_disruptive(self, message: RequestVote) -> bool:
        """A server that was partitioned away or removed must not depose a leader who is well: its
        request is dropped before its term is looked at, unless it asks on the leader's behalf
        (thesis, 4.2.3)."""
        return not message.leadership_transfer and self.hears_from_leader()

    def grants_vote(self, message: RequestVote) -> bool:
        """1. Reply false if term < currentTerm. 2. If votedFor is null or candidateId, and the
        candidate's log is at least as up-to-date as receiver's log, grant vote."""
        return (
            message.term == self.current_term
            and self.may_vote_for(message.source)
            and self.is_up_to_date(message.last_log_index, message.last_log_term)
        )

    def may_vote_for(self, candidate: NodeId) -> bool:
        """A server votes for at most one candidate in a term."""
        return self.voted_for is None or self.voted_for == candidate

    def is_up_to_date(self, last_log_index: int, last_log_term: int) -> bool:
        """Section 5.4.1: the later last term wins; with equal terms, the longer log."""
        log = self.log
        if last_log_term != log.last_term:
            return last_log_term > log.last_term
        return last_log_index >= log.last_index

    def hears_from_leader(self) -> bool:
        """Whether a current leader has been heard of within the minimum election time-out."""
        if not self.settings.check_quorum:
            return False
        if self.role == LEADER:
            return True
        contact = self.last_leader_contact
        return contact is not None and self.now - contact < self.settings.election_timeout_min

    # -- Replies -----------------------------------------------------------------------------

    def on_request_vote_reply(self, message: RequestVoteReply) -> None:
        """Count a vote of the current term."""
        self.observe_term(message.term)
        if message.vote_granted and self.counts_vote(message):
            self.votes.add(message.source)
            self.become_leader_if_elected()

    def counts_vote(self, message: RequestVoteReply) -> bool:
        """Only a grant of the very term that one is campaigning in counts."""
        return self.role == CANDIDATE and message.term == self.current_term

    # -- Pre-vote ----------------------------------------------------------------------------

    def on_pre_vote(self, message: PreVote) -> None:
        """Answer whether a vote would be granted; nothing of one's own state changes."""
        granted = self.grants_pre_vote(message)
        term = message.term if granted else self.current_term
        self.outbox.append(PreVoteReply(self.node, message.source, term, granted))

    def grants_pre_vote(self, message: PreVote) -> bool:
        """Yes if the election could be won and no leader is known to be well."""
        return (
            message.term > self.current_term
            and not self.hears_from_leader()
            and self.is_up_to_date(message.last_log_index, message.last_log_term)
        )

    def on_pre_vote_reply(self, message: PreVoteReply) -> None:
        """Campaign in earnest once a majority would vote."""
        if not message.vote_granted:
            self.observe_term(message.term)
        elif self.role == PRE_CANDIDATE and message.term == self.current_term + 1:
            self.votes.add(message.source)
            if self.has_quorum(self.votes):
                self.start_election()
