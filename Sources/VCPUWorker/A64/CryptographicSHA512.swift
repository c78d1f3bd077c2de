/// Cryptographic three-register SHA 512, three-register (imm2), four-register and two-register SHA 512.
enum CryptographicSHA512 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        .absent("SHA512H",                    "11001110 011mmmmm 100000nn nnnddddd", .sha512),
        .absent("SHA512H2",                   "11001110 011mmmmm 100001nn nnnddddd", .sha512),
        .absent("SHA512SU1",                  "11001110 011mmmmm 100010nn nnnddddd", .sha512),
        .absent("RAX1",                       "11001110 011mmmmm 100011nn nnnddddd", .sha3),
        .absent("SM3PARTW1",                  "11001110 011mmmmm 110000nn nnnddddd", .sm3),
        .absent("SM3PARTW2",                  "11001110 011mmmmm 110001nn nnnddddd", .sm3),
        .absent("SM4EKEY",                    "11001110 011mmmmm 110010nn nnnddddd", .sm4),
        .absent("SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B", "11001110 010mmmmm 10iioonn nnnddddd", .sm3),
        .absent("EOR3",                       "11001110 000mmmmm 0aaaaann nnnddddd", .sha3),
        .absent("BCAX",                       "11001110 001mmmmm 0aaaaann nnnddddd", .sha3),
        .absent("SM3SS1",                     "11001110 010mmmmm 0aaaaann nnnddddd", .sm3),
        .absent("XAR",                        "11001110 100mmmmm iiiiiinn nnnddddd", .sha3),
        .absent("SHA512SU0",                  "11001110 11000000 100000nn nnnddddd", .sha512),
        .absent("SM4E",                       "11001110 11000000 100001nn nnnddddd", .sm4),
    ]
}
