//! The line charts of a measurement of growth: for each series the time of an operation, and the memory beside it.

use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{Record, Runs, Series};
use crate::chart::{NATIVE, RACE, TSAN};
use crate::error::Error;

/// Of one chart.
const SIZE: (u32, u32) = (480, 300);

type Fault = Box<dyn std::error::Error>;

/// Draws all series into one file.
pub fn write(record: &Record, path: &Path) -> Result<(), Error> {
    draw(record, path).map_err(|reason| Error::NotWritten { path: path.to_owned(), reason: reason.to_string() })
}

fn draw(record: &Record, path: &Path) -> Result<(), Fault> {
    let rows = u32::try_from(record.series.len())?;
    let area = SVGBackend::new(path, (2 * SIZE.0, rows * SIZE.1)).into_drawing_area();
    area.fill(&WHITE)?;
    let cells = area.split_evenly((record.series.len(), 2));
    for (series, cells) in record.series.iter().zip(cells.chunks(2)) {
        draw_one(series, &format!("{}: ns of a {}", series.name, series.operation), Runs::time, &cells[0])?;
        draw_one(series, &format!("{}: MB at most", series.name), Runs::memory, &cells[1])?;
    }
    area.present()?;
    Ok(())
}

fn draw_one(
    series: &Series,
    title: &str,
    figure: fn(&Runs) -> f64,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Result<(), Fault> {
    let figures = || series.points.iter().flat_map(|point| point.builds().map(|(_, runs)| figure(runs)));
    let Range { start, end } = bounds(series.points.iter().map(|point| point.size as f64));
    let sizes = start..end / 2.0;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 12))
        .margin(10)
        .x_label_area_size(32)
        .y_label_area_size(48)
        .build_cartesian_2d(sizes.log_scale(), bounds(figures()).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(&series.axis)
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|figure| format!("{figure}"))
        .draw()?;
    for (name, color) in [("native", NATIVE), ("race", RACE), ("tsan", TSAN)] {
        let figures = series.points.iter().filter_map(|point| {
            let (_, runs) = point.builds().find(|(build, _)| *build == name)?;
            Some((point.size as f64, figure(runs)))
        });
        let places: Vec<(f64, f64)> = figures.collect();
        if places.is_empty() {
            continue;
        }
        chart.draw_series(places.iter().map(|place| Circle::new(*place, 3, color.filled())))?;
        chart
            .draw_series(LineSeries::new(places, color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 12, y)], color.stroke_width(2)));
    }
    let corner = SeriesLabelPosition::UpperLeft;
    chart.configure_series_labels().position(corner).background_style(WHITE.mix(0.8)).draw()?;
    Ok(())
}

/// From the least to the most, with room for the names of the lines above.
fn bounds(figures: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) =
        figures.fold((f64::INFINITY, 0.0_f64), |(least, most), figure| (least.min(figure), most.max(figure)));
    // A logarithm needs more than zero.
    let least = least.max(0.01);
    least / 1.5..most.max(least) * 3.0
}
