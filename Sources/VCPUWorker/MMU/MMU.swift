/// The translation state of one PE: TLBs over the walker.
struct MMU: ~Copyable {
}
