package io.meshnet.bench;

import java.util.List;
import java.util.Locale;

/** Horizontal bars over a logarithmic axis, as SVG. */
final class Chart {
    private static final int WIDTH = 760;
    private static final int LEFT = 210;
    private static final int RIGHT = 90;
    private static final int TOP = 50;
    private static final int STEP = 32;
    private static final int BAR = 20;

    private Chart() {}

    /**
     * One bar.
     *
     * @param nanos its length
     * @param ours whether it stands out
     */
    record Bar(String name, double nanos, boolean ours) {}

    static String svg(String title, List<Bar> bars) {
        int height = TOP + bars.size() * STEP + 40;
        double most = bars.stream().mapToDouble(Bar::nanos).max().orElse(1);
        double least = bars.stream().mapToDouble(Bar::nanos).min().orElse(1);
        int last = (int) Math.ceil(Math.log10(most));
        int first = Math.min((int) Math.floor(Math.log10(least)), last - 1);
        StringBuilder svg = new StringBuilder(4096);
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"14\">%n",
                WIDTH,
                height));
        svg.append(String.format(Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n", WIDTH, height));
        svg.append(String.format(
                Locale.ROOT, "<text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"bold\">%s</text>%n", title));
        for (int decade = first; decade <= last; decade++) {
            double x = x(decade, first, last);
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#dddddd\"/>%n",
                    x,
                    TOP - 8,
                    x,
                    height - 32));
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#666666\" font-size=\"12\">%s</text>%n",
                    x,
                    height - 14,
                    axis(decade)));
        }
        int y = TOP;
        for (Bar bar : bars) {
            double end = x(Math.log10(bar.nanos()), first, last);
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                    LEFT - 10,
                    y + 15,
                    bar.name()));
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                    LEFT,
                    y,
                    end - LEFT,
                    BAR,
                    bar.ours() ? "#1f6f8b" : "#b8c4cc"));
            svg.append(String.format(
                    Locale.ROOT, "<text x=\"%.1f\" y=\"%d\">%s</text>%n", end + 6, y + 15, Results.time(bar.nanos())));
            y += STEP;
        }
        return svg.append("</svg>\n").toString();
    }

    private static double x(double logarithm, int first, int last) {
        return LEFT + (WIDTH - LEFT - RIGHT) * (logarithm - first) / (last - first);
    }

    private static String axis(int decade) {
        String[] units = {"ns", "µs", "ms", "s"};
        int unit = Math.clamp(decade / 3, 0, units.length - 1);
        return Math.round(Math.pow(10, decade - 3 * unit)) + " " + units[unit];
    }
}
