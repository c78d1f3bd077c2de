/// The generic timers of one PE.
struct GenericTimers {
}
