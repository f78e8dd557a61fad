package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.tokenizer.NativeTokenizer.Tokens;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The process of a {@link ContainedTokenizer}: reads a tokenizer.json and then orders, writes
 * answers, and ends when nobody writes to it any more.
 */
final class TokenizerProcess {
  private TokenizerProcess() {}

  static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    System.setOut(System.err);
    NativeTokenizer tokenizer;
    try {
      tokenizer = RustLibrary.open(Path.of("tokenizer.json"), ContainedTokenizer.readText(in));
      ContainedTokenizer.write(out, "");
    } catch (RuntimeException e) {
      ContainedTokenizer.write(out, Refusal.firstLine(e).replaceFirst("^tokenizer.json: ", ""));
      out.flush();
      return;
    }
    try {
      while (true) {
        out.flush();
        if (in.readByte() == ContainedTokenizer.ENCODE) {
          boolean addSpecials = in.readBoolean();
          Tokens tokens = tokenizer.encode(ContainedTokenizer.readText(in), addSpecials);
          ContainedTokenizer.write(out, tokens.ids());
          ContainedTokenizer.write(out, tokens.ends());
        } else {
          boolean skipSpecials = in.readBoolean();
          long[] ids = new long[in.readInt()];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = in.readInt();
          }
          ContainedTokenizer.write(out, tokenizer.decode(ids, skipSpecials));
        }
      }
    } catch (EOFException e) {
      tokenizer.close();
    }
  }
}
