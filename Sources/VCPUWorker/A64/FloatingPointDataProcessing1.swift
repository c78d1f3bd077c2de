/// Floating-point data-processing (1 source).
enum FloatingPointDataProcessing1 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FMOV (register, single)", "0001111000100000010000nnnnnddddd") { .registers($0, .fmovS) },
        EncodingRow("FMOV (register, double)", "0001111001100000010000nnnnnddddd") { .registers($0, .fmovD) },
        EncodingRow("FABS (scalar, single)",   "0001111000100000110000nnnnnddddd") { .registers($0, .fabsS) },
        EncodingRow("FABS (scalar, double)",   "0001111001100000110000nnnnnddddd") { .registers($0, .fabsD) },
        EncodingRow("FNEG (scalar, single)",   "0001111000100001010000nnnnnddddd") { .registers($0, .fnegS) },
        EncodingRow("FNEG (scalar, double)",   "0001111001100001010000nnnnnddddd") { .registers($0, .fnegD) },
        EncodingRow("FSQRT (scalar, single)",  "0001111000100001110000nnnnnddddd") { .registers($0, .fsqrtS) },
        EncodingRow("FSQRT (scalar, double)",  "0001111001100001110000nnnnnddddd") { .registers($0, .fsqrtD) },
        EncodingRow("FCVT (single to double)", "0001111000100010110000nnnnnddddd") { .registers($0, .fcvtSingleToDouble) },
        EncodingRow("FCVT (single to half)",   "0001111000100011110000nnnnnddddd") { .registers($0, .fcvtSingleToHalf) },
        EncodingRow("FCVT (double to single)", "0001111001100010010000nnnnnddddd") { .registers($0, .fcvtDoubleToSingle) },
        EncodingRow("FCVT (double to half)",   "0001111001100011110000nnnnnddddd") { .registers($0, .fcvtDoubleToHalf) },
        EncodingRow("FCVT (half to single)",   "0001111011100010010000nnnnnddddd") { .registers($0, .fcvtHalfToSingle) },
        EncodingRow("FCVT (half to double)",   "0001111011100010110000nnnnnddddd") { .registers($0, .fcvtHalfToDouble) },
        EncodingRow("FRINTN (scalar, single)", "0001111000100100010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.tieEven)) },
        EncodingRow("FRINTN (scalar, double)", "0001111001100100010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.tieEven)) },
        EncodingRow("FRINTP (scalar, single)", "0001111000100100110000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.posInf)) },
        EncodingRow("FRINTP (scalar, double)", "0001111001100100110000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.posInf)) },
        EncodingRow("FRINTM (scalar, single)", "0001111000100101010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.negInf)) },
        EncodingRow("FRINTM (scalar, double)", "0001111001100101010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.negInf)) },
        EncodingRow("FRINTZ (scalar, single)", "0001111000100101110000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.zero)) },
        EncodingRow("FRINTZ (scalar, double)", "0001111001100101110000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.zero)) },
        EncodingRow("FRINTA (scalar, single)", "0001111000100110010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.tieAway)) },
        EncodingRow("FRINTA (scalar, double)", "0001111001100110010000nnnnnddddd") { .floatScalar($0, .frint, .rounding(.tieAway)) },
        EncodingRow("FRINTX (scalar, single)", "0001111000100111010000nnnnnddddd") { .floatScalar($0, .frint, .currentRoundingExact) },
        EncodingRow("FRINTX (scalar, double)", "0001111001100111010000nnnnnddddd") { .floatScalar($0, .frint, .currentRoundingExact) },
        EncodingRow("FRINTI (scalar, single)", "0001111000100111110000nnnnnddddd") { .floatScalar($0, .frint, .currentRounding) },
        EncodingRow("FRINTI (scalar, double)", "0001111001100111110000nnnnnddddd") { .floatScalar($0, .frint, .currentRounding) },
        // FP16 (FEAT_FP16): the rows above with ftype 11
    ]
}
