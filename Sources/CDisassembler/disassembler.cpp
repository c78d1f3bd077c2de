// A C face for VIXL's disassembler, which Swift cannot call: its decoder is a visitor with virtual functions.
#include "disassembler.h"

#include <cinttypes>
#include <cstring>

#include <aarch64/decoder-aarch64.h>
#include <aarch64/disasm-aarch64.h>

using namespace vixl::aarch64;

namespace {
// VIXL takes an address for a signed number: one of the guest's kernel would be negative.
class GuestDisassembler : public Disassembler {
   protected:
    void AppendCodeRelativeAddressToOutput(const Instruction *, const void *address) override {
        AppendToOutput("(addr 0x%" PRIx64 ")", static_cast<uint64_t>(CodeRelativeAddress(address)));
    }
    void AppendCodeRelativeCodeAddressToOutput(const Instruction *instruction, const void *address) override {
        AppendCodeRelativeAddressToOutput(instruction, address);
    }
    void AppendCodeRelativeDataAddressToOutput(const Instruction *instruction, const void *address) override {
        AppendCodeRelativeAddressToOutput(instruction, address);
    }
};
}  // namespace

size_t armada_disassemble(uint32_t word, uint64_t address, char *text, size_t capacity) {
    if (capacity == 0) return 0;
    // One for each thread, and never destroyed: building the decoder's tables takes longer than a program's end should.
    static thread_local Decoder *decoder = nullptr;
    static thread_local GuestDisassembler *disassembler = nullptr;
    if (decoder == nullptr) {
        decoder = new Decoder;
        disassembler = new GuestDisassembler;
        decoder->AppendVisitor(disassembler);
    }
    // Branch targets are relative to where the word stands.
    const auto *instruction = reinterpret_cast<const Instruction *>(&word);
    disassembler->MapCodeAddress(static_cast<int64_t>(address), instruction);
    decoder->Decode(instruction);
    const char *output = disassembler->GetOutput();
    size_t length = strlen(output);
    if (length >= capacity) length = capacity - 1;
    memcpy(text, output, length);
    text[length] = '\0';
    return length;
}
