package edgezoo.android;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * Lets the tests call the helper's plain Java: requests on standard input, answers on standard output, all big-endian.
 *
 * <p>A request is a letter and its arguments: {@code T}: model.json, width, height, pixels, answered by the tensor; {@code S}: k, scores,
 * answered by the indices of the best; {@code J}: a text, answered by what the JSON reader
 * says of it; {@code I}: a model.json, answered by its model's name or why it is refused.
 */
final class Check {
    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(System.out));
        for (int request = in.read(); request >= 0; request = in.read()) {
            switch (request) {
                case 'T':
                    Preprocessing steps = ModelInfo.parse(text(in)).preprocessing;
                    int width = in.readInt();
                    int height = in.readInt();
                    int[] pixels = new int[width * height];
                    ByteBuffer.wrap(bytes(in, 4 * pixels.length)).asIntBuffer().get(pixels);
                    float[] tensor = steps.tensor(pixels, width, height);
                    ByteBuffer answer = ByteBuffer.allocate(4 * tensor.length);
                    answer.asFloatBuffer().put(tensor);
                    out.writeInt(tensor.length);
                    out.write(answer.array());
                    break;
                case 'S':
                    int k = in.readInt();
                    float[] scores = new float[in.readInt()];
                    ByteBuffer.wrap(bytes(in, 4 * scores.length)).asFloatBuffer().get(scores);
                    List<Score> best = Score.top(scores, Collections.<String>emptyList(), k);
                    out.writeInt(best.size());
                    for (Score score : best) {
                        out.writeInt(score.index);
                    }
                    break;
                case 'I':
                case 'J':
                    String said;
                    try {
                        String given = text(in);
                        said = request == 'I' ? ModelInfo.parse(given).name : String.valueOf(Json.object(given));
                    } catch (IllegalArgumentException error) {
                        said = "error: " + error.getMessage();
                    }
                    byte[] encoded = said.getBytes(StandardCharsets.UTF_8);
                    out.writeInt(encoded.length);
                    out.write(encoded);
                    break;
                default:
                    throw new IOException("unknown request " + request);
            }
            out.flush();
        }
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in, in.readInt()), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(DataInputStream in, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(bytes);
        return bytes;
    }
}
