/// Advanced SIMD permute.
enum AdvancedSIMDPermute {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("UZP1", "0Q001110 zz0mmmmm 000110nn nnnddddd") { .vector($0, .uzp1, .bhsd) },
        EncodingRow("TRN1", "0Q001110 zz0mmmmm 001010nn nnnddddd") { .vector($0, .trn1, .bhsd) },
        EncodingRow("ZIP1", "0Q001110 zz0mmmmm 001110nn nnnddddd") { .vector($0, .zip1, .bhsd) },
        EncodingRow("UZP2", "0Q001110 zz0mmmmm 010110nn nnnddddd") { .vector($0, .uzp2, .bhsd) },
        EncodingRow("TRN2", "0Q001110 zz0mmmmm 011010nn nnnddddd") { .vector($0, .trn2, .bhsd) },
        EncodingRow("ZIP2", "0Q001110 zz0mmmmm 011110nn nnnddddd") { .vector($0, .zip2, .bhsd) },
    ]
}
