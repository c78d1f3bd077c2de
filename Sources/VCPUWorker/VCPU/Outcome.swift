/// How an instruction that may leave the straight path ended.
enum Outcome {
    /// Retired; goes on with the next instruction.
    case next
    /// `pc` has been set (an exception taken, an exception return); goes on there.
    case redirect
    /// The guest must be left: `exit` says why, and `pc` is where the worker resumes if nobody advances it.
    case exit
}
