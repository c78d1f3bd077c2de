/// Floating-point data-processing (2 source).
enum FloatingPointDataProcessing2 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMUL (scalar, single)",   "00011110001mmmmm000010nnnnnddddd") { .registers($0, .fmulS) },
        EncodingRow("FMUL (scalar, double)",   "00011110011mmmmm000010nnnnnddddd") { .registers($0, .fmulD) },
        EncodingRow("FMUL (scalar, half)",     "00011110111mmmmm000010nnnnnddddd", feature: .fp16) { .halfScalar($0, .fmul) },
        EncodingRow("FDIV (scalar, single)",   "00011110001mmmmm000110nnnnnddddd") { .registers($0, .fdivS) },
        EncodingRow("FDIV (scalar, double)",   "00011110011mmmmm000110nnnnnddddd") { .registers($0, .fdivD) },
        EncodingRow("FDIV (scalar, half)",     "00011110111mmmmm000110nnnnnddddd", feature: .fp16) { .halfScalar($0, .fdiv) },
        EncodingRow("FADD (scalar, single)",   "00011110001mmmmm001010nnnnnddddd") { .registers($0, .faddS) },
        EncodingRow("FADD (scalar, double)",   "00011110011mmmmm001010nnnnnddddd") { .registers($0, .faddD) },
        EncodingRow("FADD (scalar, half)",     "00011110111mmmmm001010nnnnnddddd", feature: .fp16) { .halfScalar($0, .fadd) },
        EncodingRow("FSUB (scalar, single)",   "00011110001mmmmm001110nnnnnddddd") { .registers($0, .fsubS) },
        EncodingRow("FSUB (scalar, double)",   "00011110011mmmmm001110nnnnnddddd") { .registers($0, .fsubD) },
        EncodingRow("FSUB (scalar, half)",     "00011110111mmmmm001110nnnnnddddd", feature: .fp16) { .halfScalar($0, .fsub) },
        EncodingRow("FNMUL (single)",          "00011110001mmmmm100010nnnnnddddd") { .registers($0, .fnmulS) },
        EncodingRow("FNMUL (double)",          "00011110011mmmmm100010nnnnnddddd") { .registers($0, .fnmulD) },
        EncodingRow("FNMUL (half)",            "00011110111mmmmm100010nnnnnddddd", feature: .fp16) { .halfScalar($0, .fnmul) },
        EncodingRow("FMAX (scalar, single)",   "00011110001mmmmm010010nnnnnddddd") { .floatScalar($0, .fmax) },
        EncodingRow("FMAX (scalar, double)",   "00011110011mmmmm010010nnnnnddddd") { .floatScalar($0, .fmax) },
        EncodingRow("FMAX (scalar, half)",     "00011110111mmmmm010010nnnnnddddd", feature: .fp16) { .halfScalar($0, .fmax) },
        EncodingRow("FMIN (scalar, single)",   "00011110001mmmmm010110nnnnnddddd") { .floatScalar($0, .fmin) },
        EncodingRow("FMIN (scalar, double)",   "00011110011mmmmm010110nnnnnddddd") { .floatScalar($0, .fmin) },
        EncodingRow("FMIN (scalar, half)",     "00011110111mmmmm010110nnnnnddddd", feature: .fp16) { .halfScalar($0, .fmin) },
        EncodingRow("FMAXNM (scalar, single)", "00011110001mmmmm011010nnnnnddddd") { .floatScalar($0, .fmaxnm) },
        EncodingRow("FMAXNM (scalar, double)", "00011110011mmmmm011010nnnnnddddd") { .floatScalar($0, .fmaxnm) },
        EncodingRow("FMAXNM (scalar, half)",   "00011110111mmmmm011010nnnnnddddd", feature: .fp16) { .halfScalar($0, .fmaxnm) },
        EncodingRow("FMINNM (scalar, single)", "00011110001mmmmm011110nnnnnddddd") { .floatScalar($0, .fminnm) },
        EncodingRow("FMINNM (scalar, double)", "00011110011mmmmm011110nnnnnddddd") { .floatScalar($0, .fminnm) },
        EncodingRow("FMINNM (scalar, half)",   "00011110111mmmmm011110nnnnnddddd", feature: .fp16) { .halfScalar($0, .fminnm) },
    ]
}
